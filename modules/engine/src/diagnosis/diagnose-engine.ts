import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { messageOf } from '@edgewright/contract';
import { backendList } from '../backends/list.ts';
import type { Backend } from '../backends/backend.ts';
import type { BackendName } from '../engine.ts';
import type { EngineModel } from '../engine-options.ts';
import { loadSharp } from '../images/load-sharp.ts';
import { installedVersion } from './installed-version.ts';
import { memoryLimit } from './memory-limit.ts';
import { tryProviders } from './try-providers.ts';
import type { ProviderReport } from './try-providers.ts';

/** A backend on this machine. */
export interface BackendReport {
  readonly name: BackendName;
  readonly available: boolean;
  readonly reason: string;
  /** The model formats that it reads. */
  readonly formats: readonly EngineModel['format'][];
  readonly packages: readonly { readonly name: string; readonly version?: string }[];
}

/** A package that the engine uses when it is there. */
export interface ModuleReport {
  readonly name: string;
  readonly version?: string;
  /** What it is for. */
  readonly use: string;
  readonly available: boolean;
  readonly reason: string;
}

/** What the engine finds on this machine. */
export interface EngineReport {
  readonly backends: readonly BackendReport[];
  /** Of the backend `onnx`. */
  readonly executionProviders: readonly ProviderReport[];
  readonly modules: readonly ModuleReport[];
  /** Threads that all sessions together should use, and processors that the machine has. */
  readonly threads: { readonly available: number; readonly processors: number };
  /** Bytes; the limit is a container's. */
  readonly memory: { readonly total: number; readonly free: number; readonly limit?: number };
}

// in variables: neither compiler nor bundlers may look for packages that are not there in most places
const TFJS_NODE: string = '@tensorflow/tfjs-node';

/** Finds out what the engine can use on this machine, by using it: nothing here throws but an aborted signal. */
export async function diagnoseEngine(signal?: AbortSignal): Promise<EngineReport> {
  const total = totalmem();
  const limit = await memoryLimit(total);
  const [backends, executionProviders, modules] = await Promise.all([
    Promise.all(backendList.map(reportBackend)),
    tryProviders(signal),
    reportModules(),
  ]);
  return {
    backends,
    executionProviders,
    modules,
    threads: { available: availableParallelism(), processors: cpus().length },
    memory: { total, free: freemem(), ...(limit === undefined ? {} : { limit }) },
  };
}

async function reportBackend(backend: Backend): Promise<BackendReport> {
  const { name, formats, packages } = backend;
  const { available, reason } = await backend.probe();
  return { name, available, reason, formats, packages: await Promise.all(packages.map(versioned)) };
}

async function versioned(name: string): Promise<{ name: string; version?: string }> {
  const version = await installedVersion(name);
  return { name, ...(version === undefined ? {} : { version }) };
}

async function reportModules(): Promise<ModuleReport[]> {
  return [
    await reportModule('sharp', 'JPEG, PNG and WebP images', loadSharp),
    await reportModule(TFJS_NODE, 'SavedModels of TensorFlow', async () => import(TFJS_NODE)),
  ];
}

async function reportModule(name: string, use: string, load: () => Promise<unknown>): Promise<ModuleReport> {
  const found = { ...(await versioned(name)), use };
  if (found.version === undefined) return { ...found, available: false, reason: 'it is not installed' };
  try {
    await load();
    return { ...found, available: true, reason: 'it loads' };
  } catch (error) {
    return { ...found, available: false, reason: messageOf(error).split('\n')[0] ?? '' };
  }
}
