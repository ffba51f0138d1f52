import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TunedWay, TuneReport } from '@edgewright/tune';
import { checkTuningPlaces, saveTuning } from './save-tuning.ts';

const engine = { backend: 'onnx', workers: 2, threads: 1 } as const;
const figures = { p50Ms: 1, p99Ms: 4, throughput: 900, rssBytes: 100 * 2 ** 20, requests: 500, startMs: 300 };
const own: TunedWay = { name: 'default', variant: 'reference', settings: {}, figures, round: 2, holds: true };
const best: TunedWay = {
  ...own,
  name: 'onnx, 2 workers × 1 thread',
  settings: engine,
  figures: { ...figures, throughput: 1500 },
};
const report: TuneReport = {
  schemaVersion: 1,
  model: 'diabetes:1',
  best,
  isDefault: false,
  reason: 'it is faster',
  gain: 1.67,
  noise: 0.03,
  objective: 'throughput',
  bounds: { maxP99Ms: 5 },
  load: { concurrency: 8 },
  budgetMs: 60_000,
  tookMs: 58_000,
  seed: 1,
  lookedAt: 2,
  of: 57,
  machine: { platform: 'linux x64', cpu: 'a <cpu>', processors: 2, memoryBytes: 2 ** 33, energy: null },
  at: '2026-01-01T00:00:00.000Z',
  candidates: [own, best],
};

let folder: string;
const at = (name: string): string => path.join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewright-tuning-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('saveTuning', () => {
  it('writes into what is there, keeps the rest of it, and draws the page', async () => {
    await writeFile(
      at('m.json'),
      JSON.stringify({ modulesContent: { scorer: { 'properties.desired': { logLevel: 'warn' } } } }, null, 4),
    );
    await writeFile(at('d.yml'), '# for the plant\ncomputeType: local\nport: 8080 # ours\n');
    const places = {
      manifest: at('m.json'),
      deploymentConfig: at('d.yml'),
      desired: at('desired.json'),
      page: at('p.html'),
      plot: at('p.svg'),
    };
    await checkTuningPlaces(places);
    expect(await saveTuning(report, places)).toHaveLength(5);
    const manifest = await readFile(at('m.json'), 'utf8');
    expect(JSON.parse(manifest)).toEqual({
      modulesContent: { scorer: { 'properties.desired': { logLevel: 'warn', engine } } },
    });
    expect(manifest).toContain('\n    "modulesContent"');
    const config = await readFile(at('d.yml'), 'utf8');
    expect(config).toContain('# for the plant\ncomputeType: local\nport: 8080 # ours\nengine:\n  backend: onnx');
    expect(JSON.parse(await readFile(at('desired.json'), 'utf8'))).toEqual({ engine });
    const page = await readFile(at('p.html'), 'utf8');
    expect(page).toContain('a &lt;cpu&gt;');
    expect(page).toContain(await readFile(at('p.svg'), 'utf8').then((text) => text.trimEnd()));
    // where the default is best, what stands there goes
    await saveTuning(
      { ...report, best: own, isDefault: true },
      { manifest: at('m.json'), deploymentConfig: at('d.yml') },
    );
    expect(JSON.parse(await readFile(at('m.json'), 'utf8'))).toEqual({
      modulesContent: { scorer: { 'properties.desired': { logLevel: 'warn' } } },
    });
    expect(await readFile(at('d.yml'), 'utf8')).toBe('# for the plant\ncomputeType: local\nport: 8080 # ours\n');
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('writes a page and no settings when nothing keeps to the bounds', async () => {
    await writeFile(at('m.json'), '{"modulesContent":{"scorer":{}}}');
    const none: TuneReport = { ...report, best: null, gain: null, reason: 'nothing keeps to the bounds' };
    await expect(saveTuning(none, { manifest: at('m.json'), page: at('p.html') })).rejects.toThrow(
      'nothing keeps to the bounds',
    );
    expect(await readFile(at('m.json'), 'utf8')).toBe('{"modulesContent":{"scorer":{}}}');
    expect(await readFile(at('p.html'), 'utf8')).toContain('Nothing is changed');
  });

  it.each([
    [{ manifest: 'nope.json' }, 'there is no such file'],
    [{ manifest: 'two.json' }, 'it is not said which module; it has scorer, sensor'],
    [{ deploymentConfig: 'two.json' }, 'computeType'],
    [{ page: 'nowhere/p.html' }, 'there is no folder'],
  ])('says beforehand that %o cannot be written', async (places, message) => {
    await writeFile(at('two.json'), '{"modulesContent":{"scorer":{},"sensor":{}}}');
    const absolute = Object.fromEntries(Object.entries(places).map(([name, file]) => [name, at(file)]));
    await expect(checkTuningPlaces(absolute)).rejects.toThrow(message);
  });
});
