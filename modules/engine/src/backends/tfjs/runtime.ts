import { messageOf } from '@edgewright/contract';
import type { Availability } from '../backend.ts';
import type { TfCore, TfGraphModel, TfHandler, TfLayersModel, TfjsRuntime } from './tfjs-runtime.ts';

// Names in variables are left alone by compiler and bundlers: the packages stay outside of bundles, where their
// WebAssembly files lie beside them, and images without a model of TensorFlow.js do not carry them.
const CORE: string = '@tensorflow/tfjs-core';
const CONVERTER: string = '@tensorflow/tfjs-converter';
const LAYERS: string = '@tensorflow/tfjs-layers';
const CPU_KERNELS: string = '@tensorflow/tfjs-backend-cpu';
const WASM_KERNELS: string = '@tensorflow/tfjs-backend-wasm';

let loaded: Promise<TfjsRuntime> | undefined;

/** Loads TensorFlow.js with its wasm kernels, once a thread: it keeps its tensors in one place of its own. */
export async function loadRuntime(): Promise<TfjsRuntime> {
  loaded ??= importRuntime();
  return loaded;
}

async function importRuntime(): Promise<TfjsRuntime> {
  const core = (await import(CORE)) as TfCore;
  const converter = (await import(CONVERTER)) as Pick<TfjsRuntime, 'loadGraphModel'>;
  const layers = (await import(LAYERS)) as Pick<TfjsRuntime, 'loadLayersModel'>;
  // each registers its kernels as it loads
  await import(CPU_KERNELS);
  await import(WASM_KERNELS);
  // no advice on the console; nothing in it changes results
  core.enableProdMode();
  if (!(await core.setBackend('wasm'))) throw new TypeError('its WebAssembly kernels do not start');
  let last: Promise<unknown> = Promise.resolve();
  return {
    core,
    loadGraphModel: async (handler: TfHandler): Promise<TfGraphModel> => converter.loadGraphModel(handler),
    loadLayersModel: async (handler: TfHandler): Promise<TfLayersModel> => layers.loadLayersModel(handler),
    exclusively: async (kernels, work) => {
      const run = last.then(async () => {
        await core.setBackend(kernels);
        return work();
      });
      last = run.catch(() => undefined);
      return run;
    },
  };
}

/** Whether TensorFlow.js and its wasm kernels load here. */
export async function probeRuntime(): Promise<Availability> {
  try {
    const { core } = await loadRuntime();
    return { available: true, reason: `TensorFlow.js ${core.version_core} loads with its WebAssembly kernels` };
  } catch (error) {
    return { available: false, reason: `TensorFlow.js does not load: ${messageOf(error).split('\n')[0]}` };
  }
}
