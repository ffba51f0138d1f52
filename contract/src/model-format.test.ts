import { expect, it } from 'vitest';
import { modelFormatOf, modelFormats } from './model-format.ts';

it.each([
  ['ridge.onnx', 'onnx'],
  ['RIDGE.ONNX', 'onnx'],
  ['digits/model.json', 'tfjs'],
  ['1\\saved_model.pb', 'tfjs'],
  ['resnet50.remote.json', 'remote'],
  ['remote.json', 'other'],
  ['other.json', 'other'],
  ['model.json/weights.bin', 'other'],
  ['model', 'other'],
])('takes %s for %s', (name, format) => {
  expect(modelFormatOf(name)).toBe(format);
  expect(modelFormats).toContain(format);
});
