import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeImageLayout } from '../../../test/support/make-image-layout.ts';
import { Workspace } from './workspace.ts';

it('changes, copies and deletes models, but none that an image holds', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-models-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(path.join(folder, 'weights.bin'), 'some weights');
  await using workspace = await Workspace.open(path.join(folder, 'workspace'));
  for (let version = 1; version <= 2; version += 1) {
    await workspace.models.register({ name: 'm', path: path.join(folder, 'weights.bin'), tags: { a: '1' } });
  }
  const changed = await workspace.models.update('m:1', { addTags: { b: '2' }, removeTags: ['a'], description: 'new' });
  expect(changed).toMatchObject({ tags: { b: '2' }, description: 'new' });
  const targetDirectory = path.join(folder, 'copy');
  const [file = ''] = await workspace.models.download('m:1', { targetDirectory });
  expect(await readFile(file, 'utf8')).toBe('some weights');
  const platforms = [{ architecture: 'amd64', layers: [{ app: 'x' }] }];
  const annotations = { 'net.edgewright.model': 'other:1,m:1' };
  await makeImageLayout(workspace.folders.images, [
    { name: 'holds:1', platforms, annotations },
    { name: 'free:1', platforms, annotations: { 'net.edgewright.model': 'm:10' } },
  ]);
  await expect(workspace.models.delete('m:1')).rejects.toMatchObject({
    code: 'ModelInUse',
    message: 'cannot delete the model m:1: it is used by image holds:1',
  });
  await expect(workspace.models.delete('m')).rejects.toThrow('names no version');
  expect(await workspace.models.deletionPlan('m:1')).toEqual({ model: 'm:1', images: ['holds:1'] });
  await workspace.models.delete('m:1', { cascade: true });
  expect((await workspace.images.list()).map((image) => image.reference)).toEqual(['free:1']);
  expect((await workspace.models.list()).models.map((model) => model.id)).toEqual(['m:2']);
});
