import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../../../../test/support/engine-fixture.ts';
import type { EngineModel } from '../../engine-options.ts';
import { tfjsBackend } from './backend.ts';
import { loadRuntime } from './runtime.ts';
import { openSavedModel } from './saved-model.ts';
import type { TfjsNode } from './saved-model.ts';

async function savedModel(): Promise<EngineModel> {
  const folder = path.join(await temporaryFolder(), 'saved');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'saved_model.pb'), '');
  return { name: 'saved', version: 2, path: path.join(folder, 'saved_model.pb'), format: 'tfjs' };
}

const extent = (size: number) => ({ getSize: () => size });
const tensor = { tfDtype: 'DT_FLOAT', shape: [extent(-1), extent(2)] };

/**
 * Answers as @tensorflow/tfjs-node 4.22 does, which cannot be installed here: what it gives was read in its sources. The
 * model computes `y = x · x`.
 */
async function standIn(signature = 'serving_default'): Promise<TfjsNode> {
  const { core } = await loadRuntime();
  return {
    tensor: (values, shape, dtype) => core.tensor(values, shape, dtype),
    node: {
      getMetaGraphsFromSavedModel: async () => [
        { tags: ['serve'], signatureDefs: { [signature]: { inputs: { x: tensor }, outputs: { y: tensor } } } },
      ],
      loadSavedModel: async () => ({
        predict: ({ x }) => ({ y: (x as unknown as { square(): NonNullable<typeof x> }).square() }),
        dispose: () => {},
      }),
    },
  };
}

it('says what is missing for a SavedModel, and the ways around it', async () => {
  await expect(tfjsBackend.load(await savedModel(), { threads: 1 })).rejects.toMatchObject({
    code: 'BackendUnavailable',
    message: expect.stringMatching(
      /^cannot load the SavedModel saved:2 from .*saved_model\.pb: @tensorflow\/tfjs-node does not load: .*; convert/,
    ) as string,
    details: { package: '@tensorflow/tfjs-node' },
  });
});

it('takes names, types and shapes from the signature that servers use', async () => {
  const session = await openSavedModel(await savedModel(), standIn);
  onTestFinished(() => session.release());
  expect(session.signature).toEqual({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
  });
});

it('refuses a SavedModel without that signature', async () => {
  const opening = openSavedModel(await savedModel(), async () => standIn('other'));
  await expect(opening).rejects.toMatchObject({
    code: 'ModelNotLoadable',
    message: expect.stringContaining('it has no signature serve/serving_default; it has serve/other') as string,
  });
});
