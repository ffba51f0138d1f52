import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createLogger } from '@edgewright/telemetry';
import { expect, onTestFinished, test } from 'vitest';
import { fetchModel } from './fetch-model.ts';
import type { WantedModel } from './fetch-model.ts';
import { ModelStore } from './model-store.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

test('a model brings its baseline; one that is not what it should be is left out, and the model is taken all the same', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-fetch-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(path.join(folder, 'm.onnx'), 'a model');
  await writeFile(path.join(folder, 'b.json'), '{}');
  const logger = createLogger({ level: 'silent', name: 'test' });
  const store = await ModelStore.open(path.join(folder, 'models'), logger);
  const url = (name: string): string => pathToFileURL(path.join(folder, name)).href;
  const model: WantedModel = { name: 'm', version: 2, url: url('m.onnx'), sha256: digest('a model') };
  const fetch = (baseline: WantedModel['baseline']): Promise<void> =>
    fetchModel(
      { ...model, baseline },
      {
        store,
        publicKey: undefined,
        registryCredentials: undefined,
        logger,
        signal: new AbortController().signal,
        onStep: () => {},
      },
    );
  const kept = (): Promise<string> => readFile(store.baselineOf(model), 'utf8');
  await fetch({ url: url('b.json'), sha256: digest('{}') });
  expect(await kept()).toBe('{}');
  expect(await store.holds(model)).toBe(true);
  await fetch(undefined);
  await expect(kept()).rejects.toMatchObject({ code: 'ENOENT' });
  await fetch({ url: url('b.json'), sha256: digest('something else') });
  await fetch({ url: url('none.json'), sha256: digest('{}') });
  await expect(kept()).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await store.holds(model)).toBe(true);
});
