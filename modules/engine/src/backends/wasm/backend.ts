import { openOrtSession } from '../ort-session.ts';
import type { Backend } from '../backend.ts';
import { readModel } from './read-model.ts';
import { loadRuntime, probeRuntime } from './runtime.ts';

/** ONNX models on onnxruntime-web: WebAssembly, everywhere; the only way on arm32v7. One thread. */
export const wasmBackend: Backend = {
  name: 'wasm',
  formats: ['onnx'],
  packages: ['onnxruntime-web'],
  native: false,
  probe: probeRuntime,
  load: async (model) => {
    const runtime = await loadRuntime();
    const { bytes, externalData } = await readModel(model);
    return openOrtSession({
      runtime,
      backend: 'wasm',
      model,
      source: bytes,
      settings: {
        executionProviders: ['wasm'],
        logSeverityLevel: 4,
        ...(externalData.length > 0 ? { externalData } : {}),
      },
    });
  },
};
