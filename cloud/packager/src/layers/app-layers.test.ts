import { expect, it } from 'vitest';
import type { Model, ScoringConfig } from '@edgewright/contract';
import { appLayer, modelLayer } from './app-layers.ts';

const files = ['model.onnx', 'labels/names.json'].map((path) => ({ path, sizeBytes: 1, sha256: 'a'.repeat(64) }));
const packaged = {
  model: { id: 'faces:7', name: 'faces', version: 7, files } as unknown as Model,
  directory: '/models',
};

it('a model is a layer of files alone, whose folders the layer above names', async () => {
  const root = 'var/azureml-app';
  const folders = ['azureml-models', 'azureml-models/faces', 'azureml-models/faces/7', 'azureml-models/faces/7/labels'];
  expect((await modelLayer(packaged).entries()).map(({ type, path }) => [type, path])).toEqual([
    ['file', `${root}/azureml-models/faces/7/labels/names.json`],
    ['file', `${root}/azureml-models/faces/7/model.onnx`],
  ]);
  const app = appLayer({ schemaVersion: 1 } as ScoringConfig, undefined, [packaged]);
  expect((await app.entries()).map(({ type, path }) => [type, path])).toEqual([
    ['directory', root],
    ...folders.map((folder) => ['directory', `${root}/${folder}`]),
    ['bytes', `${root}/edgewright.json`],
  ]);
});
