import type { Backend } from './backend.ts';
import { fpgaBackend } from './fpga/backend.ts';
import { onnxBackend } from './onnx/backend.ts';
import { tfjsBackend } from './tfjs/backend.ts';
import { wasmBackend } from './wasm/backend.ts';

/** Every backend, in the order in which `auto` tries them. */
export const backendList: readonly Backend[] = [onnxBackend, wasmBackend, tfjsBackend, fpgaBackend];
