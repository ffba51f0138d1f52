import { arch, platform } from 'node:os';
import { messageOf } from '@edgewright/contract';
import type { OrtRuntime } from '../ort-runtime.ts';
import type { Availability } from '../backend.ts';

// The platforms for which onnxruntime-node 1.30 brings a library. Asking first gives a better reason than a failed import.
const PREBUILT = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'];

/** Loads onnxruntime-node. The import is dynamic because images for arm32v7 do not carry it. */
export async function loadRuntime(): Promise<OrtRuntime> {
  const module = await import('onnxruntime-node');
  return module;
}

/** Whether onnxruntime-node loads here. */
export async function probeRuntime(): Promise<Availability> {
  const here = `${platform()}-${arch()}`;
  if (!PREBUILT.includes(here)) {
    return { available: false, reason: `onnxruntime-node has no build for ${here}, only for ${PREBUILT.join(', ')}` };
  }
  try {
    await loadRuntime();
    return { available: true, reason: `onnxruntime-node loads on ${here}` };
  } catch (error) {
    return { available: false, reason: `onnxruntime-node does not load: ${messageOf(error).split('\n')[0]}` };
  }
}
