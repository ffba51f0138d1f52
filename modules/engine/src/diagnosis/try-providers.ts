import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isEdgewrightError, messageOf } from '@edgewright/contract';
import { onnxBackend } from '../backends/onnx/backend.ts';
import { loadRuntime } from '../backends/onnx/runtime.ts';
import type { KnownProvider } from '../backends/onnx/runtime.ts';
import { createEngine } from '../create-engine.ts';

/** An execution provider of ONNX Runtime on this machine. */
export interface ProviderReport {
  readonly name: string;
  /** False when it needs libraries that the package onnxruntime-node does not bring along. */
  readonly bundled: boolean;
  readonly available: boolean;
  readonly reason: string;
}

/** An ONNX model that hands its input on: `x` FP32[N] to `y`. */
const IDENTITY = 'CAg6PAoQCgF4EgF5IghJZGVudGl0eRIEdGlueVoQCgF4EgsKCQgBEgUKAxIBTmIQCgF5EgsKCQgBEgUKAxIBTkIECgAQDQ==';
const START_MS = 60_000;

/**
 * Opens a model with each execution provider that the runtime knows. Each gets a process of its own: what a driver prints
 * or crashes stays there.
 *
 * @returns none when onnxruntime-node does not load
 */
export async function tryProviders(signal?: AbortSignal): Promise<ProviderReport[]> {
  if (!(await onnxBackend.probe()).available) return [];
  const known = (await loadRuntime()).listSupportedBackends();
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-doctor-'));
  try {
    const file = path.join(folder, 'identity.onnx');
    await writeFile(file, Buffer.from(IDENTITY, 'base64'));
    return await Promise.all(known.map((provider) => tryProvider(provider, file, signal)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function tryProvider(
  { name, bundled }: KnownProvider,
  file: string,
  signal: AbortSignal | undefined,
): Promise<ProviderReport> {
  try {
    await using engine = await createEngine({
      models: [{ name: 'identity', version: 1, path: file, format: 'onnx' }],
      modelDirectory: path.dirname(file),
      backend: 'onnx',
      executionProviders: [name],
      execution: 'process',
      threads: 1,
      limits: { startMs: START_MS },
      ...(signal === undefined ? {} : { signal }),
    });
    await engine.infer({
      requestId: 'doctor',
      inputs: { x: { datatype: 'FP32', shape: [1], data: Float32Array.of(1) } },
    });
    return { name, bundled, available: true, reason: 'a model runs with it' };
  } catch (error) {
    signal?.throwIfAborted();
    const reason = isEdgewrightError(error) ? error.details['reason'] : undefined;
    return { name, bundled, available: false, reason: typeof reason === 'string' ? reason : messageOf(error) };
  }
}
