import { onnxFile } from '../model-files/onnx-file.ts';
import type { LinearModel } from './ridge.ts';

/**
 * Writes a linear model as ONNX: one `Gemm` node, `progression = features · coef + intercept`.
 *
 * Input `features` is FP32[N,10], output `progression` is FP32[N,1].
 */
export function ridgeToOnnx(model: LinearModel): Uint8Array {
  const width = model.coef.length;
  return onnxFile({
    name: 'ridge',
    producer: 'edgewright examples/diabetes',
    inputs: [{ name: 'features', shape: ['N', width] }],
    outputs: [{ name: 'progression', shape: ['N', 1] }],
    nodes: [{ operator: 'Gemm', inputs: ['features', 'coef', 'intercept'], output: 'progression' }],
    weights: [
      { name: 'coef', shape: [width, 1], values: model.coef },
      { name: 'intercept', shape: [1], values: [model.intercept] },
    ],
  });
}
