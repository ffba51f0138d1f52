import { createHash } from 'node:crypto';
import { checkDocument, isEdgewrightError, ociMediaTypes, parseJson } from '@edgewright/contract';
import type { InferenceConfig, OciDescriptor } from '@edgewright/contract';
import { downloadBlob } from '../registry/download-blob.ts';
import { readBody } from '../registry/http-exchange.ts';
import { fetchManifest } from '../registry/manifests.ts';
import { RegistryClient } from '../registry/registry-client.ts';
import type { RegistryOptions } from '../registry/registry-client.ts';
import type { BaseImage } from './base-image.ts';
import { parseBaseReference } from './base-reference.ts';
import { readPlatforms, refusedBase } from './read-platforms.ts';
import type { DocumentSource } from './read-platforms.ts';

export interface RegistryBaseOptions {
  /** How to reach the registry; the credentials of `access` go first. */
  readonly registry?: RegistryOptions;
  /** `baseImageRegistry` of the inference configuration. */
  readonly access?: NonNullable<InferenceConfig['baseImageRegistry']>;
  readonly signal?: AbortSignal;
}

const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
const CONFIG_TYPES: readonly string[] = [ociMediaTypes.config, ociMediaTypes.dockerConfig];

/**
 * A base image in a registry. Manifests are read now, and layers when an image is built that does not have them yet.
 *
 * @param name `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`
 * @throws PackagerError `BaseImageInvalid`, `ImageInputInvalid`, `RegistryRefused`, `RegistryFailed`
 */
export async function readRegistryBase(name: string, options: RegistryBaseOptions): Promise<BaseImage> {
  const { access, signal } = options;
  const reference = parseBaseReference(name, access?.address);
  const registry = registryOptionsOf(reference.registry, options);
  try {
    using client = await RegistryClient.open(reference, registry);
    const { descriptor, bytes } = await fetchManifest(client, reference.version, signal);
    const source = new RegistryDocuments(client, new Map([[descriptor.digest, bytes]]), signal);
    return {
      name,
      digest: descriptor.digest,
      platforms: await readPlatforms(name, source, descriptor),
      include: async (layer, target, stop) => {
        using transfer = await RegistryClient.open(reference, registry);
        const more = stop === undefined ? {} : { signal: stop };
        const isNew = await downloadBlob(transfer, layer.descriptor, { layout: target, ...more });
        return isNew ? 'copied' : 'present';
      },
    };
  } catch (cause) {
    if (
      !isEdgewrightError(cause) ||
      !['ImageInvalid', 'ImageNotFound', 'InvalidDocument', 'InvalidJson'].includes(cause.code)
    )
      throw cause;
    throw refusedBase(name, cause.message, cause);
  }
}

function registryOptionsOf(registry: string, { access, registry: options = {} }: RegistryBaseOptions): RegistryOptions {
  // what is given for one registry is not told to another
  if (access === undefined || (access.address !== undefined && access.address !== registry)) return options;
  const { username, password } = access;
  if (username === undefined || password === undefined) return options;
  return { ...options, credentials: { username, password } };
}

/** Manifests and configurations of one repository, each checked against its digest. */
class RegistryDocuments implements DocumentSource {
  readonly #client: RegistryClient;
  readonly #known: ReadonlyMap<string, Buffer>;
  readonly #signal: AbortSignal | undefined;

  constructor(client: RegistryClient, known: ReadonlyMap<string, Buffer>, signal?: AbortSignal) {
    this.#client = client;
    this.#known = known;
    this.#signal = signal;
  }

  async read(blob: OciDescriptor, schema: Parameters<DocumentSource['read']>[1]): Promise<unknown> {
    const bytes = this.#known.get(blob.digest) ?? (await this.#fetch(blob));
    const source = `${this.#client.registry}/${this.#client.repository}@${blob.digest}`;
    return checkDocument(schema, parseJson(bytes.toString('utf8'), source), source);
  }

  async #fetch(blob: OciDescriptor): Promise<Buffer> {
    if (!CONFIG_TYPES.includes(blob.mediaType)) {
      return (await fetchManifest(this.#client, blob.digest, this.#signal)).bytes;
    }
    const response = await this.#client.send({
      method: 'GET',
      place: `blobs/${blob.digest}`,
      expect: [200],
      action: `read the configuration ${blob.digest}`,
      ...(this.#signal === undefined ? {} : { signal: this.#signal }),
    });
    const bytes = await readBody(response, MAX_DOCUMENT_BYTES);
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (digest !== blob.digest) throw refusedBase(blob.digest, `the registry sends ${digest} in its place`);
    return bytes;
  }
}
