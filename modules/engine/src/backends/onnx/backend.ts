import { openOrtSession } from '../ort-session.ts';
import type { Backend } from '../backend.ts';
import { loadRuntime, probeRuntime } from './runtime.ts';

/** ONNX models on onnxruntime-node: native code, on amd64 and arm64. `run` blocks its thread. */
export const onnxBackend: Backend = {
  name: 'onnx',
  formats: ['onnx'],
  native: true,
  probe: probeRuntime,
  load: async (model, { threads }) =>
    openOrtSession({
      runtime: await loadRuntime(),
      backend: 'onnx',
      model,
      // given as a path, because the runtime then maps the file and finds external data beside it
      source: model.path,
      settings: { intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 4 },
    }),
};
