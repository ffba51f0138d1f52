import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeImageLayout } from '../../../test/support/make-image-layout.ts';
import { completeDeploymentConfig, ServiceStore } from '@edgewright/deployers';
import { Workspace } from './workspace.ts';

/** Writes down a service that was deployed on this machine and does not run now. */
function recordService(directory: string, name: string, models: readonly string[]): void {
  using store = new ServiceStore(directory);
  const settings = completeDeploymentConfig({ computeType: 'local' }, 'the test');
  const createdTime = '2026-01-01T00:00:00.000Z';
  const spec = { name, revision: 1, settings, models, artifact: directory, credentials: {} };
  store.put({ spec, createdTime, updatedTime: createdTime });
}

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
  recordService(workspace.folders.services, 'scores', ['m:1']);
  recordService(workspace.folders.services, 'others', ['m:10']);
  await expect(workspace.models.delete('m:1')).rejects.toMatchObject({
    code: 'ModelInUse',
    message: 'cannot delete the model m:1: it is used by service scores, image holds:1',
  });
  await expect(workspace.models.delete('m')).rejects.toThrow('names no version');
  expect(await workspace.models.deletionPlan('m:1')).toEqual({
    model: 'm:1',
    services: ['scores'],
    images: ['holds:1'],
  });
  await workspace.models.delete('m:1', { cascade: true });
  expect((await workspace.images.list()).map((image) => image.reference)).toEqual(['free:1']);
  expect((await workspace.services.list()).map((service) => service.name)).toEqual(['others']);
  expect((await workspace.models.list()).models.map((model) => model.id)).toEqual(['m:2']);
});

it('says which place is none, and closes all the same', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-models-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(path.join(folder, 'workspace.json'), '{"modelRegistry":"s3://bucket/models"}');
  const list = async (): Promise<unknown> => {
    await using workspace = await Workspace.open(folder);
    return await workspace.models.list();
  };
  await expect(list()).rejects.toMatchObject({ code: 'RegistryPlaceInvalid' });
  await writeFile(path.join(folder, 'workspace.json'), '{"modelRegistry":"elsewhere"}');
  expect(await list()).toEqual({ models: [] });
  expect(await readdir(path.join(folder, 'elsewhere'))).toContain('registry.sqlite');
});
