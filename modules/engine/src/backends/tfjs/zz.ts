import type * as core from '@tensorflow/tfjs-core';
import type { GraphModel } from '@tensorflow/tfjs-converter';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
export type X = [core.Tensor, GraphModel, LayersModel, typeof setWasmPaths];
