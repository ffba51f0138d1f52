import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { copyFile, link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Model, ModelFile } from '@edgewright/contract';
import { modelCorrupted } from '../model-failure.ts';
import type { SourceFile } from './collect-model-files.ts';
import { copyWithDigest, digestFile } from './file-digest.ts';
import { treeDigest } from './tree-digest.ts';

/** A file on its way into the registry: its bytes are safe on the disk, but not yet under their digest. */
export interface StagedFile extends ModelFile {
  readonly stagedAt: string;
}

/** What a process that was killed left behind, and no other process can still be writing. */
const ABANDONED_AFTER_MS = 3_600_000;

/**
 * Files under their SHA-256: `blobs/sha256/<hex>`, written once and never changed, and folders made of them by hard links,
 * `trees/<hex>`, where the files have their own names.
 */
export class BlobFolder {
  readonly #blobs: string;
  readonly #trees: string;
  readonly #staging: string;

  constructor(directory: string) {
    this.#blobs = path.join(directory, 'blobs', 'sha256');
    this.#trees = path.join(directory, 'trees');
    this.#staging = path.join(directory, 'staging');
    for (const folder of [this.#blobs, this.#trees, this.#staging]) mkdirSync(folder, { recursive: true });
  }

  /** Removes what killed processes left in the staging folder. */
  async removeAbandoned(now: Date): Promise<void> {
    for (const entry of await readdir(this.#staging)) {
      const folder = path.join(this.#staging, entry);
      const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: now.getTime() }));
      const inside = await readdir(folder, { recursive: true }).catch(() => []);
      const times = await Promise.all(
        inside.map((file) =>
          stat(path.join(folder, file)).then(
            (s) => s.mtimeMs,
            () => now.getTime(),
          ),
        ),
      );
      if (Math.max(mtimeMs, ...times) < now.getTime() - ABANDONED_AFTER_MS) {
        await rm(folder, { recursive: true, force: true });
      }
    }
  }

  /** A new folder for the files of one registration, removed when it is disposed of. */
  async openStaging(): Promise<AsyncDisposable & { readonly directory: string }> {
    const directory = path.join(this.#staging, randomUUID());
    await mkdir(directory);
    return {
      directory,
      [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
    };
  }

  /** Copies files into a staging folder, taking their digests on the way. */
  async stage(files: readonly SourceFile[], staging: string, signal?: AbortSignal): Promise<StagedFile[]> {
    const staged: StagedFile[] = [];
    for (const [index, file] of files.entries()) {
      const stagedAt = path.join(staging, `${index}${path.extname(file.path)}`);
      const digest = await copyWithDigest(file.source, stagedAt, signal);
      staged.push({ path: file.path, ...digest, stagedAt });
    }
    return staged;
  }

  /**
   * Moves staged files under their digests. Synchronous, because it runs inside the transaction that makes the model
   * known: nobody removes blobs meanwhile, and whoever sees the model sees its blobs.
   */
  place(files: readonly StagedFile[]): void {
    // a blob that is there already is replaced by the same bytes, which heals it if the disk has spoilt it
    for (const { sha256, stagedAt } of files) {
      if (existsSync(stagedAt)) renameSync(stagedAt, path.join(this.#blobs, sha256));
    }
    const folder = openSync(this.#blobs, 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  }

  /**
   * Removes what no model uses any more, and what a killed process left. Synchronous, because it runs inside a
   * transaction: a model that is being registered meanwhile places its blobs after it, or is known before it.
   */
  sweep(index: { usesBlob(sha256: string): boolean; usesTree(digest: string): boolean }): void {
    for (const sha256 of readdirSync(this.#blobs)) {
      if (!index.usesBlob(sha256)) rmSync(path.join(this.#blobs, sha256), { force: true });
    }
    for (const digest of readdirSync(this.#trees)) {
      if (!index.usesTree(digest)) rmSync(path.join(this.#trees, digest), { recursive: true, force: true });
    }
  }

  /** Whether there is a blob of this digest and size. Its bytes are not read. */
  async has({ sha256, sizeBytes }: Pick<ModelFile, 'sha256' | 'sizeBytes'>): Promise<boolean> {
    const found = await stat(path.join(this.#blobs, sha256)).catch(() => undefined);
    return found?.size === sizeBytes;
  }

  /** Removes a blob that can be fetched again. */
  async drop(sha256: string): Promise<void> {
    await rm(path.join(this.#blobs, sha256), { force: true });
  }

  /**
   * Copies a model's file to a new place, and checks it.
   *
   * @throws ModelsError `ModelCorrupted`
   */
  async copyOut(model: Model, file: ModelFile, { to, signal }: { to: string; signal?: AbortSignal }): Promise<void> {
    const blob = path.join(this.#blobs, file.sha256);
    if (!existsSync(blob)) throw modelCorrupted(model, file, 'is not there');
    const { sha256 } = await copyWithDigest(blob, to, signal);
    if (sha256 !== file.sha256) throw modelCorrupted(model, file, `has ${sha256}`);
  }

  /**
   * The folder with a model's files under their own names, all of them checked.
   *
   * @throws ModelsError `ModelCorrupted`
   */
  async tree(model: Model): Promise<string> {
    const directory = path.join(this.#trees, treeDigest(model.files));
    if (existsSync(directory) && (await firstDamage(directory, model.files)) === undefined) return directory;
    await this.#makeTree(directory, model);
    const damage = await firstDamage(directory, model.files);
    if (damage === undefined) return directory;
    throw modelCorrupted(model, damage.file, damage.found);
  }

  async #makeTree(directory: string, model: Model): Promise<void> {
    await using staging = await this.openStaging();
    const fresh = path.join(staging.directory, 'tree');
    await mkdir(fresh);
    for (const file of model.files) {
      const target = path.join(fresh, ...file.path.split('/'));
      await mkdir(path.dirname(target), { recursive: true });
      const blob = path.join(this.#blobs, file.sha256);
      if (!existsSync(blob)) continue; // told as damage by whoever asked
      await link(blob, target).catch(() => copyFile(blob, target));
    }
    await rename(directory, path.join(staging.directory, 'old')).catch(() => {});
    // another process may have made the same folder a moment ago, which is as good
    await rename(fresh, directory).catch((cause: unknown) => {
      if (!existsSync(directory)) throw cause;
    });
  }
}

async function firstDamage(
  directory: string,
  files: readonly ModelFile[],
): Promise<{ readonly file: ModelFile; readonly found: string } | undefined> {
  for (const file of files) {
    const target = path.join(directory, ...file.path.split('/'));
    if (!existsSync(target)) return { file, found: 'is not there' };
    const { sha256, sizeBytes } = await digestFile(target);
    if (sha256 !== file.sha256) return { file, found: `has ${sha256} (${sizeBytes} of ${file.sizeBytes} bytes)` };
  }
  return undefined;
}
