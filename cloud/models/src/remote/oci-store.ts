import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isEdgewrightError, MODEL_NAME_PATTERN, ociMediaTypes } from '@edgewright/contract';
import type { Model, ModelFile } from '@edgewright/contract';
import { ModelsError } from '../models-error.ts';
import { digestFile } from '../store/file-digest.ts';
import type { FileDigest } from '../store/file-digest.ts';
import { modelInManifest, modelPackConfig, modelPackManifest, smallBlob } from './model-pack.ts';
import type { OciRepository } from './oci-repository.ts';
import type { ListedVersion, ListQuery, NewVersion, RemoteStore, StoredModel } from './remote-store.ts';

const MAX_TAG_CHARACTERS = 128;
/** The longest text that a tag has beside the name of a model: `_deleted.` and `.v` with ten digits. */
const TAG_EXTRA_CHARACTERS = 21;
/** So many numbers may be contested before this process gives up. */
const NUMBER_ATTEMPTS = 200;
const CLAIM_ATTEMPTS = 5;
const PAUSE_MS = 40;
const MAX_PAUSE_MS = 1000;

const EMPTY = smallBlob({});
const EMPTY_DESCRIPTOR = { mediaType: 'application/vnd.oci.empty.v1+json', digest: EMPTY.digest, size: EMPTY.size };
const MARK_TYPE = 'application/vnd.edgewright.mark.v1+json';

/**
 * Models in one repository of a container registry, as CNCF ModelPack artifacts: the version 3 of `diabetes` is the tag
 * `diabetes.v3`.
 *
 * Registries have no request that fails when somebody else was faster. Numbers are given out by a splitter (Lamport 1987; Moir
 * and Anderson 1995), which needs nothing but tags that are written and read whole: whoever wants a number writes his mark into
 * `_claim.<name>`, looks whether `_taken.<name>.v<n>` is there, writes it, and has the number if the claim still holds his own
 * mark. Of any number of processes at most one gets it. A number that two contest may go to neither, and is left out; one that
 * was taken stays taken for ever, also when the version is deleted.
 */
export class OciStore implements RemoteStore {
  readonly place: string;
  readonly maxNameCharacters = MAX_TAG_CHARACTERS - TAG_EXTRA_CHARACTERS;
  readonly #repository: OciRepository;

  /** Takes over the repository and closes it. */
  constructor(repository: OciRepository) {
    this.#repository = repository;
    this.place = `oci://${repository.registry}/${repository.repository}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#repository[Symbol.dispose]();
    await Promise.resolve();
  }

  async *list({ name, latest = false, after }: ListQuery): AsyncGenerator<ListedVersion> {
    const tags = await this.#repository.tags();
    const deleted = new Set(
      tags.flatMap((tag) => (tag.startsWith('_deleted.') ? [tag.slice('_deleted.'.length)] : [])),
    );
    const versions = tags
      .filter((tag) => !deleted.has(tag))
      .flatMap((tag) => versionIn(tag) ?? [])
      .filter((listed) => name === undefined || listed.name === name)
      .sort(inOrder);
    let former: string | undefined;
    for (const listed of versions) {
      const isOlder = listed.name === former;
      former = listed.name;
      if ((latest && isOlder) || !isAfter(listed, after)) continue;
      yield listed;
    }
  }

  async read(name: string, version: number): Promise<StoredModel | undefined> {
    const tag = tagOf(name, version);
    const found = await this.#repository.manifest(tag);
    if (found === undefined) return undefined;
    const model = modelInManifest(found.bytes, `${this.place}:${tag}`);
    return model === undefined ? undefined : { model, revision: found.digest };
  }

  async add({ name, files, describe, signal }: NewVersion): Promise<Model> {
    for (const { sha256, sizeBytes, stagedAt } of files) {
      await this.#repository.putBlob({ digest: `sha256:${sha256}`, size: sizeBytes }, stagedAt, signal);
    }
    // a manifest that is too large must not cost a number
    modelPackManifest(describe(1));
    const model = describe(await this.#takeNumber(name, signal));
    const config = modelPackConfig(model);
    await this.#repository.putBlob(config, config.bytes, signal);
    await this.#putModel(model);
    return model;
  }

  async replace({ model: before, revision }: StoredModel, model: Model): Promise<boolean> {
    if ((await this.#repository.digestOf(tagOf(before.name, before.version))) !== revision) return false;
    await this.#putModel(model);
    return true;
  }

  async remove({ model, revision }: StoredModel): Promise<boolean> {
    const tag = tagOf(model.name, model.version);
    if ((await this.#repository.digestOf(tag)) !== revision) return false;
    if (await this.#repository.deleteManifest(revision)) return true;
    // where nothing can be deleted, the tag is pointed at something that is no model
    await this.#putMark(tag, 'deleted');
    await this.#putMark(`_deleted.${tag}`, 'deleted');
    return true;
  }

  async fetch(file: ModelFile, to: string, signal?: AbortSignal): Promise<FileDigest | undefined> {
    const blob = { digest: `sha256:${file.sha256}`, size: file.sizeBytes };
    return (await this.#repository.fetchBlob(blob, to, signal)) ? await digestFile(to, signal) : undefined;
  }

  async #takeNumber(name: string, signal?: AbortSignal): Promise<number> {
    await this.#repository.putBlob(EMPTY, EMPTY.bytes, signal);
    let number = await this.#highestTaken(name);
    for (let contests = 0; contests < NUMBER_ATTEMPTS;) {
      number += 1;
      const outcome = await this.#claim(name, number);
      if (outcome === 'mine') return number;
      if (outcome === 'taken') continue;
      contests += 1;
      const longest = Math.min(PAUSE_MS * contests, MAX_PAUSE_MS);
      await sleep(randomInt(longest), undefined, signal === undefined ? {} : { signal });
    }
    throw new ModelsError(
      'ModelStoreFailed',
      `cannot register "${name}" in ${this.place}: the next number was contested ${NUMBER_ATTEMPTS} times`,
      { details: { place: this.place, name } },
    );
  }

  async #claim(name: string, number: number): Promise<'mine' | 'taken' | 'contested'> {
    const claim = `_claim.${name}`;
    const taken = `_taken.${tagOf(name, number)}`;
    const mark = await this.#putClaim(claim);
    if ((await this.#repository.digestOf(taken)) !== undefined) return 'taken';
    await this.#putMark(taken, 'taken');
    return (await this.#repository.digestOf(claim)) === mark ? 'mine' : 'contested';
  }

  /** Each request has a mark of its own and is sent once: one that arrives late must not pass for the one that counts. */
  async #putClaim(claim: string): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#putMark(claim, randomUUID(), true);
      } catch (error) {
        const mayPass = isEdgewrightError(error) && error.code === 'RegistryFailed';
        if (!mayPass || attempt >= CLAIM_ATTEMPTS) throw error;
        await sleep(PAUSE_MS * 2 ** attempt);
      }
    }
  }

  async #highestTaken(name: string): Promise<number> {
    let highest = 0;
    for (const tag of await this.#repository.tags()) {
      const listed = versionIn(tag.replace(/^_taken\./, ''));
      if (listed?.name === name) highest = Math.max(highest, listed.version);
    }
    return highest;
  }

  async #putModel(model: Model): Promise<void> {
    const manifest = { bytes: modelPackManifest(model), mediaType: ociMediaTypes.manifest };
    await this.#repository.putManifest(tagOf(model.name, model.version), manifest);
  }

  /** Points a tag at a manifest that is nothing but a word. @returns its digest */
  async #putMark(tag: string, word: string, once = false): Promise<string> {
    const { bytes, digest } = smallBlob({
      schemaVersion: 2,
      mediaType: ociMediaTypes.manifest,
      artifactType: MARK_TYPE,
      config: EMPTY_DESCRIPTOR,
      layers: [EMPTY_DESCRIPTOR],
      annotations: { 'net.edgewright.mark': word },
    });
    await this.#repository.putManifest(tag, { bytes, mediaType: ociMediaTypes.manifest, once });
    return digest;
  }
}

const VERSION_TAG = new RegExp(`^(${MODEL_NAME_PATTERN.slice(1, -1)})\\.v([1-9]\\d{0,9})$`);

function tagOf(name: string, version: number): string {
  return `${name}.v${version}`;
}

function versionIn(tag: string): ListedVersion | undefined {
  const [, name, version] = VERSION_TAG.exec(tag) ?? [];
  return name === undefined ? undefined : { name, version: Number(version) };
}

/** By name, and then from the highest version down. */
function inOrder(a: ListedVersion, b: ListedVersion): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return b.version - a.version;
}

function isAfter({ name, version }: ListedVersion, after: ListQuery['after']): boolean {
  return after === undefined || name > after.name || (name === after.name && -version > after.rank);
}
