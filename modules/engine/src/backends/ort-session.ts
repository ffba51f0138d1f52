import { messageOf } from '@edgewright/contract';
import type { ModelSignature, TensorSpec } from '@edgewright/contract';
import { EngineError } from '../engine-error.ts';
import type { EngineModel } from '../engine-options.ts';
import type { NamedTensors } from '../tensor.ts';
import { notLoadable } from './not-loadable.ts';
import type { Session } from './backend.ts';
import type { InferenceSession, OrtRuntime } from './ort-runtime.ts';
import { datatypeOfOrt, fromOrtTensors, toOrtTensors } from './ort-tensors.ts';

/** What opening a model with one of the two ONNX runtimes needs. */
export interface OrtSessionOptions {
  readonly runtime: OrtRuntime;
  readonly backend: 'onnx' | 'wasm';
  readonly model: EngineModel;
  /** The path of the model file, or its bytes. */
  readonly source: string | Uint8Array;
  readonly settings: InferenceSession.SessionOptions;
  /** Gives the runtime's reason a better error, where there is one. */
  readonly faultOf?: (reason: string) => Promise<EngineError | undefined>;
}

/**
 * Opens an ONNX model.
 *
 * @throws EngineError `ModelNotLoadable`, `BackendUnavailable` when execution providers do not start
 */
export async function openOrtSession(options: OrtSessionOptions): Promise<Session> {
  const { runtime, model } = options;
  const session = await createSession(options);
  const signature: ModelSignature = {
    inputs: session.inputMetadata.map((metadata) => specOf(metadata, model, 'input')),
    outputs: session.outputMetadata
      .filter((metadata) => metadata.isTensor)
      .map((metadata) => specOf(metadata, model, 'output')),
  };
  const leftOut = session.outputMetadata.filter((metadata) => !metadata.isTensor).map((metadata) => metadata.name);
  if (signature.outputs.length === 0) {
    await session.release();
    throw notLoadable(model, `its only outputs (${leftOut.join(', ')}) are sequences or maps, not tensors; export it with plain tensors (skl2onnx: zipmap=False)`); // prettier-ignore
  }
  const wanted = signature.outputs.map((output) => output.name);
  return {
    signature,
    leftOut,
    run: async (inputs: NamedTensors) => {
      const feeds = toOrtTensors(runtime, inputs);
      try {
        return fromOrtTensors(await session.run(feeds, wanted));
      } catch (cause) {
        if (cause instanceof EngineError) throw cause;
        throw new EngineError('ScoringFailed', `${model.name}:${model.version} failed while running: ${reasonOf(cause)}`, {
          details: { model: model.name, version: model.version, backend: options.backend },
          cause,
        }); // prettier-ignore
      }
    },
    release: () => session.release(),
  };
}

async function createSession({
  runtime,
  model,
  source,
  settings,
  faultOf,
}: OrtSessionOptions): Promise<InferenceSession> {
  try {
    return typeof source === 'string'
      ? await runtime.InferenceSession.create(source, settings)
      : await runtime.InferenceSession.create(source, settings);
  } catch (cause) {
    throw (await faultOf?.(reasonOf(cause))) ?? notLoadable(model, reasonOf(cause), cause);
  }
}

function specOf(metadata: InferenceSession.ValueMetadata, model: EngineModel, kind: 'input' | 'output'): TensorSpec {
  if (!metadata.isTensor) {
    throw notLoadable(model, `its ${kind} "${metadata.name}" is a sequence or map; the runtime takes tensors only`);
  }
  const datatype = datatypeOfOrt(metadata.type);
  if (datatype === undefined) {
    throw notLoadable(model, `its ${kind} "${metadata.name}" has the element type ${metadata.type}, which is not carried`);
  } // prettier-ignore
  return {
    name: metadata.name,
    datatype,
    shape: metadata.shape.map((dimension) => (typeof dimension === 'number' ? dimension : -1)),
  };
}

/** The first line of a runtime's message, without the place in its sources: the rest is a C++ stack. */
function reasonOf(cause: unknown): string {
  return (messageOf(cause).split('\n')[0] ?? '').replace(/^\/onnxruntime_src\/.* was false\. /, '').trim();
}
