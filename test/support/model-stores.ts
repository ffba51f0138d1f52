import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'vitest';
import { DockerRegistry } from './docker-registry.ts';
import { need } from './need.ts';
import { spoilAzureBlob } from './spoil-azure-blob.ts';
import { startAzurite } from './start-azurite.ts';

/** A kind of store for models, with what the tests must know of it. */
export interface ModelStore extends AsyncDisposable {
  /** Variables that whoever opens it needs. */
  readonly environment: Readonly<Record<string, string>>;
  /** A place for a registry that nobody has used. */
  newPlace(): string;
  /** Puts other bytes, as many as there are, in the place of a stored file. */
  spoil(place: string, sha256: string, bytes: string): Promise<void>;
  /** Whether two who change the same version at once both get their way. */
  readonly hasConditionalChanges: boolean;
}

/** How each kind of store is started. */
export const modelStores = {
  'a folder': startFolders,
  'Azure Blob Storage': startAzure,
  'a container registry': startContainerRegistry,
} as const satisfies Record<string, (context: TestContext) => Promise<ModelStore>>;

async function startFolders(): Promise<ModelStore> {
  const root = await mkdtemp(path.join(tmpdir(), 'edgewright-stores-'));
  return {
    environment: {},
    hasConditionalChanges: true,
    newPlace: () => path.join(root, randomUUID()),
    spoil: async (place, sha256, bytes) => {
      const file = path.join(place, 'blobs/sha256', sha256);
      await chmod(file, 0o644);
      await writeFile(file, bytes);
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

async function startAzure(): Promise<ModelStore> {
  const azurite = await startAzurite();
  const { connectionString } = azurite;
  return {
    environment: { AZURE_STORAGE_CONNECTION_STRING: connectionString },
    hasConditionalChanges: true,
    newPlace: () => `azblob://devstoreaccount1/models-${randomUUID()}`,
    spoil: async (place, sha256, bytes) => {
      const container = place.split('/').at(-1) ?? '';
      await spoilAzureBlob(connectionString, { container, blob: `blobs/sha256/${sha256}`, bytes });
    },
    [Symbol.asyncDispose]: () => azurite[Symbol.asyncDispose](),
  };
}

async function startContainerRegistry(context: TestContext): Promise<ModelStore> {
  const { executable } = await need(context, 'docker-registry');
  const storage = await mkdtemp(path.join(tmpdir(), 'edgewright-stores-'));
  const registry = await DockerRegistry.start({ executable, storage });
  return {
    environment: {},
    // the protocol has no request that fails when somebody else was faster
    hasConditionalChanges: false,
    newPlace: () => `oci://${registry.host}/models/${randomUUID()}`,
    spoil: async (_, sha256, bytes) => {
      const file = path.join(storage, 'docker/registry/v2/blobs/sha256', sha256.slice(0, 2), sha256, 'data');
      await writeFile(file, bytes);
    },
    [Symbol.asyncDispose]: async () => {
      await registry[Symbol.asyncDispose]();
      await rm(storage, { recursive: true, force: true });
    },
  };
}
