import { createHash } from 'node:crypto';
import path from 'node:path';
import { checkDocument, ModelSchema, ociMediaTypes, parseJson } from '@edgewright/contract';
import type { Model, ModelFile } from '@edgewright/contract';
import { ModelsError } from '../models-error.ts';
import type { OciBlob } from './oci-repository.ts';

/** The media types of CNCF ModelPack (github.com/modelpack/model-spec). */
export const modelPackTypes = {
  manifest: 'application/vnd.cncf.model.manifest.v1+json',
  config: 'application/vnd.cncf.model.config.v1+json',
  weight: 'application/vnd.cncf.model.weight.v1.raw',
  weightConfig: 'application/vnd.cncf.model.weight.config.v1.raw',
  doc: 'application/vnd.cncf.model.doc.v1.raw',
} as const;

/** On a layer: the path of the file inside the model (ModelPack). */
const FILE_PATH = 'org.cncf.model.filepath';
/** On the manifest: everything that edgewright knows of the model but its files, which are the layers. */
const DOCUMENT = 'net.edgewright.model.document';
/** Registries refuse larger manifests (distribution-spec 1.1). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/** What readers show to people rather than load. */
const DOCUMENTATION = /(?:^|\/)(?:[^/]*\.(?:md|rst|pdf)|licen[cs]e[^/]*|notice[^/]*)$/i;
const CONFIGURATION = new Set(['.json', '.yaml', '.yml', '.txt', '.toml']);

/** A file of a manifest that is in memory. */
export interface SmallBlob extends OciBlob {
  readonly bytes: Uint8Array;
}

export function smallBlob(value: unknown): SmallBlob {
  const bytes = Buffer.from(JSON.stringify(value));
  return { bytes, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length };
}

/** ModelPack's configuration of a model: only what can never change, so that changing a tag leaves it as it is. */
export function modelPackConfig({ name, version, createdTime, format, files }: Model): SmallBlob {
  return smallBlob({
    descriptor: { createdAt: createdTime, name, version: String(version) },
    config: { format },
    modelfs: { type: 'layers', diffIds: files.map(({ sha256 }) => `sha256:${sha256}`) },
  });
}

/** The manifest of a model: one layer a file, as it is, so that the digest of a layer is that of the file. @throws ModelsError `ModelInputInvalid` */
export function modelPackManifest(model: Model): Uint8Array {
  const { files, ...said } = model;
  const { digest, size } = modelPackConfig(model);
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: ociMediaTypes.manifest,
      artifactType: modelPackTypes.manifest,
      config: { mediaType: modelPackTypes.config, digest, size },
      layers: files.map((file) => ({
        mediaType: layerTypeOf(file, said.mainFile),
        digest: `sha256:${file.sha256}`,
        size: file.sizeBytes,
        annotations: { [FILE_PATH]: file.path },
      })),
      annotations: { [DOCUMENT]: JSON.stringify(said) },
    }),
  );
  if (bytes.length <= MAX_MANIFEST_BYTES) return bytes;
  throw new ModelsError(
    'ModelInputInvalid',
    `cannot keep the model ${model.id} in a container registry: with ${files.length} files and what is said of it, its manifest has ${bytes.length} bytes, and at most ${MAX_MANIFEST_BYTES} are allowed; put files into an archive, or say less in tags and properties`,
    { details: { model: model.id, files: files.length, manifestBytes: bytes.length } },
  );
}

/**
 * The model of a manifest.
 *
 * @param source where it was found, for messages
 * @returns undefined when it is the manifest of something else
 * @throws ContractError `InvalidJson`, `InvalidDocument` when edgewright's own parts are broken
 */
export function modelInManifest(bytes: Uint8Array, source: string): Model | undefined {
  const manifest = parseJson(Buffer.from(bytes).toString('utf8'), source) as Partial<{
    artifactType: unknown;
    annotations: Readonly<Record<string, unknown>>;
    layers: { digest: string; size: number; annotations?: Readonly<Record<string, string>> }[];
  }> | null;
  const document = manifest?.annotations?.[DOCUMENT];
  if (manifest?.artifactType !== modelPackTypes.manifest || typeof document !== 'string') return undefined;
  const files = (manifest.layers ?? []).map(({ digest, size, annotations }) => ({
    path: annotations?.[FILE_PATH] ?? '',
    sizeBytes: size,
    sha256: digest.replace(/^sha256:/, ''),
  }));
  const said = parseJson(document, `${source}, annotation ${DOCUMENT}`);
  return checkDocument(ModelSchema, { ...(typeof said === 'object' ? said : {}), files }, source);
}

function layerTypeOf(file: ModelFile, mainFile: string | undefined): string {
  if (file.path === mainFile) return modelPackTypes.weight;
  if (DOCUMENTATION.test(file.path)) return modelPackTypes.doc;
  return CONFIGURATION.has(path.extname(file.path).toLowerCase()) ? modelPackTypes.weightConfig : modelPackTypes.weight;
}
