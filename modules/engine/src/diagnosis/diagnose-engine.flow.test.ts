import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/support/engine-fixture.ts';
import { diagnoseEngine } from './diagnose-engine.ts';
import { installedVersion } from './installed-version.ts';
import { memoryLimit } from './memory-limit.ts';

it('says of every backend and execution provider whether it runs here, and why', async () => {
  const { backends, executionProviders, modules, threads, memory } = await diagnoseEngine();
  expect(backends.map(({ name }) => name)).toEqual(['onnx', 'wasm', 'tfjs', 'fpga']);
  for (const { available, reason, packages } of backends) {
    expect({ available, reason }).toEqual({ available: true, reason: expect.stringMatching(/ loads/) as string });
    expect(packages.map(({ version }) => version)).toEqual(packages.map(() => expect.stringMatching(/^\d+\.\d+\.\d+/) as string)); // prettier-ignore
  }
  expect(executionProviders.find(({ name }) => name === 'cpu')).toEqual({
    name: 'cpu',
    bundled: true,
    available: true,
    reason: 'a model runs with it',
  });
  expect(executionProviders.filter(({ reason }) => reason.trim() === '')).toEqual([]);
  expect(modules.find(({ name }) => name === 'sharp')).toMatchObject({ available: true });
  expect(threads.available).toBeGreaterThan(0);
  expect(memory.total).toBeGreaterThan(memory.free);
});

it('gives up when it is told to', async () => {
  await expect(diagnoseEngine(AbortSignal.abort(new RangeError('stop')))).rejects.toThrow('stop');
});

it('knows no version of a package that is not there', async () => {
  expect(await installedVersion('no-such-package')).toBeUndefined();
});

it('reads the limit of a container in either form, where there is one', async () => {
  const folder = await temporaryFolder();
  const file = path.join(folder, 'memory.max');
  for (const [text, limit] of [
    ['max\n', undefined],
    ['1073741824\n', 1_073_741_824],
    ['9223372036854771712\n', undefined],
  ] as const) {
    await writeFile(file, text);
    expect(await memoryLimit(8 * 1024 ** 3, [path.join(folder, 'none'), file])).toBe(limit);
  }
});
