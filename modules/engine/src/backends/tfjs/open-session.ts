import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { isEdgewrightError, messageOf } from '@edgewright/contract';
import type { ModelSignature, TensorSpec } from '@edgewright/contract';
import { elementCount, zeros } from '../../array-of.ts';
import { EngineError } from '../../engine-error.ts';
import type { EngineLogger } from '../../engine-logger.ts';
import type { EngineModel } from '../../engine-options.ts';
import type { NamedTensors, Tensor } from '../../tensor.ts';
import type { Session } from '../backend.ts';
import { ModelDocumentFault, readModelDocument, weightBytes } from './model-document.ts';
import type { ModelDocument } from './model-document.ts';
import { graphModel, layersModel } from './tfjs-model.ts';
import type { TfjsModel } from './tfjs-model.ts';
import type { Kernels, NamedTfTensors, TfHandler, TfjsRuntime, TfStage } from './tfjs-runtime.ts';
import { fromTfTensors, toTfTensor } from './tfjs-tensors.ts';

/** What opening a model in the runtime's terms needs. */
export interface SessionOptions {
  readonly model: EngineModel;
  readonly stage: TfStage;
  readonly kernels: Kernels;
  readonly open: () => Promise<TfjsModel>;
  readonly log?: EngineLogger | undefined;
}

/**
 * Opens a `model.json` of either form.
 *
 * @throws EngineError `ModelNotLoadable`
 */
export async function openTfjsSession(runtime: TfjsRuntime, model: EngineModel, log?: EngineLogger): Promise<Session> {
  return openSession({
    model,
    log,
    stage: runtime,
    kernels: 'wasm',
    open: async () => {
      const document = await readModelDocument(model.path);
      const handler = await handlerFor(document, path.dirname(model.path));
      return runtime.exclusively('wasm', async () =>
        document.form === 'graph-model'
          ? graphModel(await runtime.loadGraphModel(handler), document)
          : layersModel(runtime.core, await runtime.loadLayersModel(handler)),
      );
    },
  });
}

/**
 * Opens a model and finds out what it takes and gives.
 *
 * @throws EngineError `ModelNotLoadable`
 */
export async function openSession({ model, stage, kernels, open, log }: SessionOptions): Promise<Session> {
  let opened: TfjsModel | undefined;
  try {
    opened = await open();
    const run = runnerOf(stage, opened, { kernels, onMissing: (kernel) => noteCpuKernels(model, kernel, log) });
    const outputs = await completeOutputs(opened, run);
    return sessionOf({ model, opened, run, signature: { inputs: [...opened.inputs], outputs } });
  } catch (cause) {
    opened?.dispose();
    throw new EngineError(
      'ModelNotLoadable',
      `cannot load the model ${model.name}:${model.version} from ${model.path}: ${firstLine(cause)}`,
      { details: { model: model.name, version: model.version, path: model.path }, cause },
    );
  }
}

type Run = (inputs: NamedTensors) => Promise<NamedTensors>;

interface Opened {
  readonly model: EngineModel;
  readonly opened: TfjsModel;
  readonly run: Run;
  readonly signature: ModelSignature;
}

function sessionOf({ model, opened, run, signature }: Opened): Session {
  return {
    signature,
    leftOut: [],
    run: async (inputs) => {
      try {
        return await run(inputs);
      } catch (cause) {
        if (isEdgewrightError(cause)) throw cause;
        const message = `${model.name}:${model.version} failed while running: ${firstLine(cause)}`;
        throw new EngineError('ScoringFailed', message, {
          details: { model: model.name, version: model.version, backend: 'tfjs' },
          cause,
        });
      }
    },
    release: async () => opened.dispose(),
  };
}

/** What computes at first, and who hears of an operator that it lacks. */
interface FirstKernels {
  readonly kernels: Kernels;
  readonly onMissing: (kernel: string) => void;
}

function noteCpuKernels({ name, version }: EngineModel, kernel: string, log: EngineLogger | undefined): void {
  log?.warn(
    { event: 'engine.tfjs.cpuKernels', model: name, version, kernel },
    `${name}:${version} runs on the cpu kernels of TensorFlow.js, which are slower: the wasm kernels lack ${kernel}`,
  );
}

/** Runs with the wasm kernels; a model that has operators which they lack moves to the cpu kernels at its first run. */
function runnerOf(stage: TfStage, opened: TfjsModel, first: FirstKernels): Run {
  let { kernels } = first;
  const once = async (inputs: NamedTensors): Promise<NamedTensors> =>
    stage.exclusively(kernels, async () => {
      const feeds: NamedTfTensors = {};
      let results: NamedTfTensors = {};
      try {
        for (const { name } of opened.inputs) feeds[name] = toTfTensor(stage.core, name, inputs[name] as Tensor);
        results = await opened.run(feeds);
        return await fromTfTensors(results);
      } finally {
        // an output may be an input or another output: disposing of it twice does nothing
        for (const tensor of [...Object.values(feeds), ...Object.values(results)]) tensor.dispose();
      }
    });
  return async (inputs) => {
    try {
      return await once(inputs);
    } catch (error) {
      const missing = /Kernel '(.+?)' not registered for backend 'wasm'/.exec(messageOf(error))?.[1];
      if (missing === undefined || kernels !== 'wasm') throw error;
      kernels = 'cpu';
      first.onMissing(missing);
      return once(inputs);
    }
  };
}

/**
 * The outputs with element types and shapes. Where the model does not say them, two runs on zeros do: a dimension that is
 * not the same for one row and for two is free.
 */
async function completeOutputs(opened: TfjsModel, run: Run): Promise<TensorSpec[]> {
  const known = opened.outputs.filter((output): output is TensorSpec => output.datatype !== undefined && output.shape !== undefined); // prettier-ignore
  if (known.length === opened.outputs.length) return known;
  const [one, two] = [await run(zeroRows(opened, 1)), await run(zeroRows(opened, 2))];
  return opened.outputs.map((output) => {
    const [first, second] = [one[output.name], two[output.name]];
    if (first === undefined || second === undefined)
      throw new ModelDocumentFault(`it gives no output "${output.name}"`);
    const shape = first.shape.map((extent, i) => (extent === second.shape[i] ? extent : -1));
    return { name: output.name, datatype: output.datatype ?? first.datatype, shape: output.shape ?? shape };
  });
}

function zeroRows(opened: TfjsModel, rows: number): NamedTensors {
  return Object.fromEntries(
    opened.inputs.map(({ name, datatype, shape }) => {
      const fixed = shape.map((extent) => (extent === -1 ? rows : extent));
      return [name, { datatype, shape: fixed, data: zeros(datatype, elementCount(fixed)) }];
    }),
  );
}

/** Reads the weights, whose files must have just the bytes that the manifest says. */
async function handlerFor(document: ModelDocument, folder: string): Promise<TfHandler> {
  const expected = weightBytes(document.weights);
  const sizes = await Promise.all(document.weightFiles.map(async (file) => (await stat(path.join(folder, file))).size));
  const found = sizes.reduce((sum, size) => sum + size, 0);
  if (expected !== undefined && expected !== found) {
    throw new ModelDocumentFault(`its weights take ${expected} bytes, but ${document.weightFiles.join(', ') || 'no file'} has ${found}`); // prettier-ignore
  }
  const weightData: ArrayBuffer[] = [];
  for (const file of document.weightFiles) {
    const { buffer, byteOffset, byteLength } = await readFile(path.join(folder, file));
    weightData.push(buffer.slice(byteOffset, byteOffset + byteLength));
  }
  const { json } = document;
  return {
    load: async () => ({ ...json, modelTopology: document.topology, weightSpecs: document.weights, weightData }),
  };
}

/** The reason, without the stack or the tables that TensorFlow.js appends. */
function firstLine(cause: unknown): string {
  return (messageOf(cause).split('\n')[0] ?? '').trim();
}
