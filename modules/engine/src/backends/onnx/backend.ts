import { openOrtSession } from '../ort-session.ts';
import type { InferenceSession } from '../ort-runtime.ts';
import type { Backend } from '../backend.ts';
import { loadRuntime, probeRuntime, providerFault } from './runtime.ts';

/**
 * ONNX models on onnxruntime-node: native code, on amd64 and arm64. `run` blocks its thread. Execution providers go to the
 * runtime as they are, with all their options.
 */
export const onnxBackend: Backend = {
  name: 'onnx',
  formats: ['onnx'],
  packages: ['onnxruntime-node'],
  native: true,
  takesProviders: true,
  probe: probeRuntime,
  load: async (model, { threads, executionProviders }) =>
    openOrtSession({
      runtime: await loadRuntime(),
      backend: 'onnx',
      model,
      // given as a path, because the runtime then maps the file and finds external data beside it
      source: model.path,
      settings: {
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        logSeverityLevel: 4,
        // checked by name against the runtime; what options there are differs with its builds
        ...(executionProviders === undefined ? {} : { executionProviders: [...executionProviders] as Providers }),
      },
      ...(executionProviders === undefined ? {} : { faultOf: (reason) => providerFault(executionProviders, reason) }),
    }),
};

type Providers = readonly InferenceSession.ExecutionProviderConfig[];
