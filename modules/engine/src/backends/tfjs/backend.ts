import path from 'node:path';
import type { Backend } from '../backend.ts';
import { openTfjsSession } from './open-session.ts';
import { loadRuntime, probeRuntime } from './runtime.ts';
import { openSavedModel } from './saved-model.ts';

/**
 * Models of TensorFlow.js, graphs and layers, on its WebAssembly kernels: `model.json` with its weights beside it. A
 * SavedModel (`saved_model.pb`) needs @tensorflow/tfjs-node, which is loaded only then. One thread.
 */
export const tfjsBackend: Backend = {
  name: 'tfjs',
  formats: ['tfjs'],
  packages: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm'],
  native: false,
  probe: probeRuntime,
  load: async (model, { log }) =>
    path.extname(model.path) === '.pb' ? openSavedModel(model) : openTfjsSession(await loadRuntime(), model, log),
};
