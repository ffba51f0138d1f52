import { arch, platform } from 'node:os';
import { executionProviderName, messageOf } from '@edgewright/contract';
import type { ExecutionProvider } from '@edgewright/contract';
import { EngineError } from '../../engine-error.ts';
import type { Availability } from '../backend.ts';
import type { OrtRuntime } from '../ort-runtime.ts';

// The platforms for which onnxruntime-node 1.30 brings a library. Asking first gives a better reason than a failed import.
const PREBUILT = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'];

/** An execution provider that this build of the runtime knows. */
export interface KnownProvider {
  readonly name: string;
  /** False when libraries are needed that onnxruntime-node does not bring along. */
  readonly bundled: boolean;
}

/** onnxruntime-node: the common part, and what only it can say. */
export interface NodeOrtRuntime extends OrtRuntime {
  listSupportedBackends(): readonly KnownProvider[];
  readonly env: { readonly versions: { readonly node?: string } };
}

/** Loads onnxruntime-node. The import is dynamic because images for arm32v7 do not carry it. */
export async function loadRuntime(): Promise<NodeOrtRuntime> {
  const module = await import('onnxruntime-node');
  return module;
}

/** Whether onnxruntime-node loads here, and knows the execution providers. */
export async function probeRuntime(executionProviders: readonly ExecutionProvider[] = []): Promise<Availability> {
  const here = `${platform()}-${arch()}`;
  if (!PREBUILT.includes(here)) {
    return { available: false, reason: `onnxruntime-node has no build for ${here}, only for ${PREBUILT.join(', ')}` };
  }
  try {
    const known = (await loadRuntime()).listSupportedBackends();
    const unknown = executionProviders
      .map(executionProviderName)
      .filter((name) => !known.some((one) => one.name === name));
    if (unknown.length === 0) return { available: true, reason: `onnxruntime-node loads on ${here}` };
    return {
      available: false,
      reason: `onnxruntime-node on ${here} has no execution provider ${unknown.join(', ')}; it has ${known.map(({ name }) => name).join(', ')}`,
    };
  } catch (error) {
    return { available: false, reason: `onnxruntime-node does not load: ${messageOf(error).split('\n')[0]}` };
  }
}

/** How the runtime complains of a provider that cannot start: its libraries or its device are missing. */
const PROVIDER_FAULT = /ExecutionProvider|execution provider|shared library|adapter|CUDA|TensorRT|webgpu/i;

/** The error of a session whose execution providers do not start; undefined when the runtime complains of something else. */
export async function providerFault(
  wanted: readonly ExecutionProvider[],
  reason: string,
): Promise<EngineError | undefined> {
  if (!PROVIDER_FAULT.test(reason)) return undefined;
  const known = (await loadRuntime()).listSupportedBackends();
  const names = wanted.map(executionProviderName);
  const text = known.map(({ name, bundled }) => (bundled ? name : `${name} (needs libraries of its own)`)).join(', ');
  return new EngineError(
    'BackendUnavailable',
    `the execution providers ${names.join(', ')} do not start here: ${reason}; this build of onnxruntime-node has ${text}; ` +
      '"edgewright doctor" says which of them start',
    { details: { executionProviders: names, known, reason } },
  );
}
