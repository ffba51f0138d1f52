import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { TestContext } from 'vitest';
import { modelStores } from '../../../test/support/model-stores.ts';
import type { ModelStore } from '../../../test/support/model-stores.ts';
import { Workspace } from './workspace.ts';
import type { WorkspaceModels } from './workspace-models.ts';

interface Setup {
  readonly store: ModelStore;
  readonly place: string;
  /** Writes a file and returns its path. */
  readonly write: (name: string, content: string) => Promise<string>;
  /** The same registry, as another machine sees it. */
  readonly open: () => Promise<WorkspaceModels>;
}

describe.each(Object.entries(modelStores))('models in %s', (_, start) => {
  let started: Promise<ModelStore> | undefined;
  afterAll(async () => {
    await (await started)?.[Symbol.asyncDispose]();
    vi.unstubAllEnvs();
  });

  async function createSetup(context: TestContext): Promise<Setup> {
    const store = await (started ??= start(context));
    for (const [name, value] of Object.entries(store.environment)) vi.stubEnv(name, value);
    const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-models-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const place = store.newPlace();
    const write = async (name: string, content: string): Promise<string> => {
      const file = path.join(folder, name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, content);
      return file;
    };
    let machines = 0;
    const open = async (): Promise<WorkspaceModels> => {
      machines += 1;
      const workspace = await Workspace.open(path.join(folder, `machine-${machines}`), { modelRegistry: place });
      onTestFinished(() => workspace[Symbol.asyncDispose]());
      return workspace.models;
    };
    return { store, place, write, open };
  }

  it('are the same for everybody: the document, and every file', async (context) => {
    const { open, write } = await createSetup(context);
    const weights = await write('m/data/weights.bin', 'some weights');
    await write('m/empty', '');
    await write('m/README.md', '# A model');
    await write('m/notes/unused.txt', 'left out');
    const here = await open();
    const model = await here.register({
      name: 'tree',
      path: path.dirname(path.dirname(weights)),
      childPaths: ['data', 'empty', 'README.md'],
      description: 'with a tree',
      tags: { stage: 'test' },
      properties: { source: 'here' },
      framework: 'Custom',
      frameworkVersion: '1.0',
      resourceConfiguration: { cpu: 0.5, memoryInGB: 1 },
      datasets: [{ name: 'training', id: 'set:1' }],
      sampleInputDatasetId: 'set:2',
      run: { runId: 'a1', experimentName: 'trees' },
    });
    expect(model).toMatchObject({ id: 'tree:1', runId: 'a1', sampleInputDatasetId: 'set:2', sizeBytes: 21 });
    expect(model.files.map((file) => file.path)).toEqual(['README.md', 'data/weights.bin', 'empty']);
    const there = await open();
    expect(await there.show('tree')).toEqual(model);
    const directory = await there.directoryOf(model);
    expect(await readFile(path.join(directory, 'data/weights.bin'), 'utf8')).toBe('some weights');
    expect(await readFile(path.join(directory, 'empty'), 'utf8')).toBe('');
    const files = await there.download('tree:1', { targetDirectory: path.dirname(await write('copy/none', '')) });
    expect(await readFile(files[0] ?? '', 'utf8')).toBe('# A model');
  });

  it('keep a baseline as a file of the model, and a copy of the model brings it along', async (context) => {
    const { open, write } = await createSetup(context);
    const file = await write('m.bin', 'x');
    const training = await write('train.csv', 'age,sex\n30,f\n40,m\n,m\n');
    const here = await open();
    const model = await here.register({ name: 'm', path: file, baseline: { file: training } });
    expect(model.baseline).toMatchObject({ source: { file: 'train.csv', rows: 3 }, inputs: 2, outputs: 0 });
    expect(model).toMatchObject({
      mainFile: 'm.bin',
      files: [{ path: 'edgewright-baseline.json' }, { path: 'm.bin' }],
    });
    const there = await open();
    expect(await there.show('m:1')).toEqual(model);
    const copy = path.dirname(await write('copied/none', ''));
    await rm(path.join(copy, 'none'));
    await there.download('m:1', { targetDirectory: copy });
    const again = await there.register({ name: 'n', path: copy });
    expect(again).toMatchObject({ baseline: model.baseline, files: model.files, mainFile: 'm.bin' });
    await writeFile(path.join(copy, 'edgewright-baseline.json'), '{"schemaVersion": 2}');
    await expect(there.register({ name: 'n', path: copy })).rejects.toMatchObject({ code: 'ModelFileInvalid' });
  });

  it('are numbered by name, and a number is never given twice', async (context) => {
    const { open, write } = await createSetup(context);
    const [here, there] = [await open(), await open()];
    const file = await write('m.bin', 'x');
    for (const models of [here, there, here]) await models.register({ name: 'm', path: file });
    expect((await there.show('m')).version).toBe(3);
    await there.delete('m:3');
    await there.delete('m:1');
    expect((await here.show('m')).version).toBe(2);
    await expect(here.show('m:3')).rejects.toMatchObject({ code: 'ModelNotFound', details: { versions: [2] } });
    // the files of the others are the same bytes, and must still be there
    expect(await readdir(await (await open()).directoryOf(await here.show('m:2')))).toEqual(['m.bin']);
    await here.delete('m:2');
    await expect(here.show('m')).rejects.toThrow('no model of that name');
    expect((await here.register({ name: 'm', path: file })).id).toBe('m:4');
    expect(await readdir(await (await open()).directoryOf(await there.show('m')))).toEqual(['m.bin']);
  });

  it('are listed in order, with every filter, page by page', async (context) => {
    const { open, write } = await createSetup(context);
    const models = await open();
    const path = await write('m.bin', 'x');
    const said = [
      { name: 'b', tags: { stage: 'test' }, properties: { score: '1' } },
      { name: 'a-b', tags: { stage: 'prod' }, framework: 'PyTorch' },
      { name: 'a', tags: { stage: 'prod', owner: 'me' }, run: { runId: 'r1', experimentName: 'e' } },
      { name: 'a', datasets: [{ name: 'training', id: 'd1' }] },
      { name: 'B', tags: { stage: 'prod=yes' }, sampleOutputDatasetId: 'd1' },
    ] as const;
    for (const input of said) await models.register({ ...input, path });
    const idsOf = async (filter: Parameters<WorkspaceModels['list']>[0]): Promise<string[]> => {
      const ids: string[] = [];
      for (let nextToken: string | undefined, page = 0; page < 10; page += 1) {
        const listed = await models.list({ ...filter, ...(nextToken === undefined ? {} : { nextToken }) });
        ids.push(...listed.models.map((model) => model.id));
        ({ nextToken } = listed);
        if (nextToken === undefined) return ids;
      }
      throw new TypeError('the list does not end');
    };
    const everything = ['B:1', 'a:2', 'a:1', 'a-b:1', 'b:1'];
    for (const pageSize of [1, 2, 3, 5, 100]) expect(await idsOf({ pageSize })).toEqual(everything);
    for (const pageSize of [1, 3])
      expect(await idsOf({ latest: true, pageSize })).toEqual(['B:1', 'a:2', 'a-b:1', 'b:1']);
    expect(await idsOf({ name: 'a', pageSize: 1 })).toEqual(['a:2', 'a:1']);
    expect(await idsOf({ name: 'a', latest: true })).toEqual(['a:2']);
    expect(await idsOf({ tags: ['stage'], pageSize: 2 })).toEqual(['B:1', 'a:1', 'a-b:1', 'b:1']);
    expect(await idsOf({ tags: ['stage=prod', 'owner'] })).toEqual(['a:1']);
    expect(await idsOf({ tags: ['stage=prod=yes'] })).toEqual(['B:1']);
    expect(await idsOf({ properties: ['score=1'] })).toEqual(['b:1']);
    expect(await idsOf({ framework: 'PyTorch' })).toEqual(['a-b:1']);
    expect(await idsOf({ runId: 'r1' })).toEqual(['a:1']);
    expect(await idsOf({ datasetId: 'd1' })).toEqual(['B:1', 'a:2']);
    expect(await idsOf({ name: 'nobody' })).toEqual([]);
    expect((await models.show('a', { runId: 'r1' })).id).toBe('a:1');
    await expect(models.show('a', { runId: 'r2', tags: ['x'] })).rejects.toThrow('the tag x and the run r2');
  });

  it('can be said other things of, but their properties stay', async (context) => {
    const { store, open, write } = await createSetup(context);
    const [here, there] = [await open(), await open()];
    await here.register({
      name: 'm',
      path: await write('m.bin', 'x'),
      tags: { old: '1' },
      properties: { from: 'here' },
    });
    const changed = await there.update('m:1', {
      addTags: { stage: 'prod' },
      removeTags: ['old', 'never'],
      addProperties: { score: '0.9' },
      addDatasets: [{ name: 'validation', id: 'd2' }],
      description: 'better',
    });
    expect(changed).toMatchObject({ tags: { stage: 'prod' }, properties: { from: 'here', score: '0.9' } });
    expect(await here.show('m:1')).toEqual(changed);
    expect((await here.list({ tags: ['old'] })).models).toEqual([]);
    expect((await here.list({ datasetId: 'd2' })).models).toEqual([changed]);
    await expect(here.update('m:1', { addProperties: { score: '1' } })).rejects.toMatchObject({
      code: 'ModelInputInvalid',
    });
    expect(await readdir(await (await open()).directoryOf(changed))).toEqual(['m.bin']);
    const keys = store.hasConditionalChanges ? ['one', 'two'] : ['one'];
    await Promise.all(keys.map((key, i) => (i === 0 ? here : there).update('m:1', { addProperties: { [key]: '' } })));
    expect(Object.keys((await here.show('m:1')).properties)).toEqual(
      expect.arrayContaining(['from', 'score', ...keys]),
    );
  });

  it('are listed without reading those beyond the page, however many there are', async (context) => {
    const { open, write } = await createSetup(context);
    const models = await open();
    const path = await write('m.bin', 'x');
    const register = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i += 1) await models.register({ name: 'm', path });
    };
    const requestsOf = async (filter: Parameters<WorkspaceModels['list']>[0]): Promise<number> => {
      let requests = 0;
      const count = () => {
        requests += 1;
      };
      subscribe('http.client.request.start', count);
      try {
        expect((await models.list(filter)).models).toHaveLength(filter?.latest === true ? 1 : 2);
      } finally {
        unsubscribe('http.client.request.start', count);
      }
      return requests;
    };
    await register(13);
    const few = { page: await requestsOf({ pageSize: 2 }), latest: await requestsOf({ latest: true }) };
    await register(13);
    expect(await requestsOf({ pageSize: 2 })).toBe(few.page);
    expect(await requestsOf({ latest: true })).toBe(few.latest);
    const { nextToken = '' } = await models.list({ pageSize: 20 });
    expect(await requestsOf({ pageSize: 2, nextToken })).toBeLessThanOrEqual(few.page + 1);
  });

  it('are refused when their bytes are not those that were registered', async (context) => {
    const { store, place, open, write } = await createSetup(context);
    const model = await (await open()).register({ name: 'm', path: await write('m.bin', 'weights') });
    await store.spoil(place, model.files[0]?.sha256 ?? '', 'veights');
    const there = await open();
    const wanted = { code: 'ModelCorrupted', details: { model: 'm:1', file: 'm.bin' } };
    await expect(there.directoryOf(model)).rejects.toMatchObject(wanted);
    await expect(there.download('m:1', { targetDirectory: path.join(tmpdir(), 'never') })).rejects.toMatchObject(
      wanted,
    );
  });
});
