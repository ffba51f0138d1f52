import {
  imageAnnotations,
  ociMediaTypes,
  OciIndexSchema,
  OciManifestSchema,
  checkDocument,
} from '@edgewright/contract';
import type { OciDescriptor, OciManifest } from '@edgewright/contract';
import type { OciPull } from './oci-pull.ts';
import { tarMembers } from './tar-members.ts';

/** The bytes of a model inside a registry: a whole blob, or a part of one. */
export interface OciModel {
  /** `sha256:<hex>` of the blob. */
  readonly digest: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

export interface WantedFile {
  readonly sha256: string;
  readonly sizeBytes?: number | undefined;
}

const ARCHIVES = new Set<string>([ociMediaTypes.layer, ociMediaTypes.dockerLayer]);
const MODEL_FILE = /\.onnx$/i;

/**
 * Finds a model behind a tag or a digest: a layer that is the file itself, as a registry of models keeps it (ModelPack), or a file in
 * the model layer of an image that edgewright built. Only the digest of the file, checked later, says that it is the one.
 *
 * @throws EdgeError `ModelRejected`, `ModelUnavailable`
 */
export async function findOciModel(pull: OciPull, reference: string, wanted: WantedFile): Promise<OciModel> {
  const { layers } = await imageManifest(pull, reference);
  const whole = layers.find(({ digest }) => digest === `sha256:${wanted.sha256}`);
  if (whole !== undefined) return { digest: whole.digest, offset: 0, sizeBytes: whole.size };
  const archives = layers.filter(({ annotations }) => annotations?.[imageAnnotations.layerRole] === 'model');
  if (archives.length === 0) {
    throw pull.rejected(
      `none of its ${layers.length} layers is the file with model.sha256, or the model layer of an image`,
    );
  }
  const packed = archives.find(({ mediaType }) => !ARCHIVES.has(mediaType));
  if (packed !== undefined)
    throw pull.rejected(`its model layer is compressed (${packed.mediaType}); it can be read as it is only`);
  const found: OciModel[] = [];
  for (const archive of archives) found.push(...(await modelsIn(pull, archive)));
  const fitting = found.filter(({ sizeBytes }) => wanted.sizeBytes === undefined || sizeBytes === wanted.sizeBytes);
  const [model, ...others] = fitting;
  if (model !== undefined && others.length === 0) return model;
  throw pull.rejected(
    model === undefined
      ? `there is no ONNX file of that size in its model layers`
      : `there are ${fitting.length} ONNX files in its model layers; say which by model.sizeBytes`,
  );
}

/** The manifest of an image; of an index the first one, for all platforms have the same model layers. */
async function imageManifest(pull: OciPull, reference: string): Promise<OciManifest> {
  const document = await pull.manifest(reference);
  const source = `the manifest ${reference}`;
  if (typeof document !== 'object' || document === null || !('manifests' in document)) {
    return checked(pull, () => checkDocument(OciManifestSchema, document, source));
  }
  const { manifests } = checked(pull, () => checkDocument(OciIndexSchema, document, source));
  // an attestation that is kept as a manifest of its own says so in place of a platform
  const first = manifests.find(({ platform }) => platform === undefined || platform.os !== 'unknown');
  if (first === undefined) throw pull.rejected('its index names no image');
  const image = await pull.manifest(first.digest);
  return checked(pull, () => checkDocument(OciManifestSchema, image, `the manifest ${first.digest}`));
}

async function modelsIn(pull: OciPull, { digest }: OciDescriptor): Promise<OciModel[]> {
  const read = async (offset: number, length: number): Promise<Buffer> => {
    const parts: Uint8Array[] = [];
    for await (const part of await pull.blob(digest, offset, length)) parts.push(part);
    return Buffer.concat(parts);
  };
  try {
    const members = await tarMembers(read);
    return members
      .filter(({ path }) => MODEL_FILE.test(path))
      .map(({ offset, sizeBytes }) => ({ digest, offset, sizeBytes }));
  } catch (error) {
    if (error instanceof RangeError) throw pull.rejected(`its model layer cannot be read: ${error.message}`);
    throw error;
  }
}

function checked<Value>(pull: OciPull, check: () => Value): Value {
  try {
    return check();
  } catch (error) {
    throw pull.rejected(error instanceof Error ? error.message : String(error));
  }
}
