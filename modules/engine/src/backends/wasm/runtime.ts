import { messageOf } from '@edgewright/contract';
import type { OrtRuntime } from '../ort-runtime.ts';
import type { Availability } from '../backend.ts';

/**
 * Loads onnxruntime-web's WebAssembly build. This entry of the package needs only itself, `ort-wasm-simd-threaded.mjs` and
 * `.wasm` beside it (docs/decisions/0021); its own thread pool gains nothing on Node.js, so it stays at one thread.
 */
export async function loadRuntime(): Promise<OrtRuntime> {
  const module = await import('onnxruntime-web/wasm');
  module.env.wasm.numThreads = 1;
  module.env.logLevel = 'error';
  return module;
}

/** Whether onnxruntime-web is there. The WebAssembly file itself is compiled when the first model is loaded. */
export async function probeRuntime(): Promise<Availability> {
  try {
    await loadRuntime();
    return { available: true, reason: 'onnxruntime-web (WebAssembly) loads' };
  } catch (error) {
    return { available: false, reason: `onnxruntime-web does not load: ${messageOf(error).split('\n')[0]}` };
  }
}
