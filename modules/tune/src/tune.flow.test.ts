import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { documentIssues, EngineSettingsSchema } from '@edgewright/contract';
import { fitRidge } from '../../../examples/diabetes/ridge.ts';
import { ridgeToOnnx } from '../../../examples/diabetes/ridge-onnx.ts';
import { readDiabetesTable } from '../../../examples/diabetes/table.ts';
import { bundledMeasure } from '../../../test/support/bundled-measure.ts';
import { modelFile, temporaryFolder } from '../../../test/support/engine-fixture.ts';
import { affineOnnx } from '../../../test/support/tiny-models.ts';
import { measureInProcess } from './measure/measure-in-process.ts';
import type { MeasureJob } from './measure/measure-job.ts';
import { measureProgram } from './measure/measure-program.ts';
import { tunePage } from './report/tune-page.ts';
import { engineOf } from './report/tune-report.ts';
import type { SearchStep } from './search/search.ts';
import { tune } from './tune.ts';

const program = measureProgram();
const signal = new AbortController().signal;
const never = { program, signal, isLowPriority: false, timeoutMs: 60_000 };

async function jobOf(bytes: Uint8Array, change: Partial<MeasureJob> = {}): Promise<MeasureJob> {
  const model = await modelFile(bytes);
  const engine = { models: [model], modelDirectory: path.dirname(model.path), backend: 'onnx' } as const;
  return { engine, load: { concurrency: 2 }, windowMs: 50, seed: 1, wantsAnswers: true, ...change };
}

describe('tune', () => {
  it('finds a way to run the diabetes model that is as good as the default, and throws out a variant with other answers', async () => {
    const { train } = await readDiabetesTable();
    const model = await modelFile(ridgeToOnnx(fitRidge(train, 0.4)), 'diabetes');
    const other = await modelFile(ridgeToOnnx(fitRidge(train, 40)), 'other');
    const steps: SearchStep[] = [];
    const report = await tune({
      engine: { models: [model], modelDirectory: path.dirname(model.path), backend: 'onnx' },
      variants: [{ name: 'other', path: other.path }],
      load: { concurrency: 2 },
      program: await bundledMeasure(),
      budgetMs: 8_000,
      seed: 3,
      onStep: (step) => steps.push(step),
    });
    expect(report).toMatchObject({ model: 'diabetes:1', load: { concurrency: 2 }, seed: 3 });
    expect(report.best?.variant).toBe('reference');
    expect(report.gain).toBeGreaterThanOrEqual(1);
    expect(report.isDefault || (report.gain ?? 0) > 1 + report.noise).toBe(true);
    expect(documentIssues(EngineSettingsSchema, engineOf(report) ?? {})).toEqual([]);
    const [own] = report.candidates;
    expect(own).toMatchObject({ name: 'default', settings: {}, holds: true, ran: { backend: 'onnx', mode: 'inline' } });
    expect(own?.figures?.rssBytes).toBeGreaterThan(30 * 2 ** 20);
    expect(own?.figures?.requests).toBeGreaterThan(20);
    // wherever it was looked at, it was thrown out, with the error that it makes
    const others = report.candidates.filter(({ variant, round }) => variant === 'other' && round > 0);
    expect(others.length).toBeGreaterThan(0);
    expect(others.every(({ error = 0, failure = '' }) => error > 0.01 && failure.includes('differ'))).toBe(true);
    expect(steps.filter(({ candidate }) => candidate.name === 'default').length).toBeGreaterThanOrEqual(2);
    expect(tunePage(report)).toContain('<svg');
  });

  it('says what is wrong with what it is given', async () => {
    const { engine } = await jobOf(affineOnnx());
    const cases = [
      [{ engine: { ...engine, entryScript: '/score.mjs' } }, 'an entry script takes requests of its own form'],
      [{ engine, samples: [] }, 'the list of samples is empty'],
      [{ engine, samples: [{ nonsense: 1 }] }, 'cannot be measured'],
      [{ engine, load: { rate: 0 } }, 'the rate is 0'],
      [{ engine, variants: [{ name: 'reference', path: '/x.onnx' }] }, 'two variants "reference"'],
      [{ engine, objective: 'energy', sysfs: '/nowhere' }, 'this machine does not tell'],
      [{ engine: { ...engine, models: [{ ...engine.models[0], path: '/nowhere.onnx' }] } }, 'cannot be measured'],
    ] as const;
    for (const [options, message] of cases) {
      await expect(tune(options as Parameters<typeof tune>[0]), message).rejects.toThrow(message);
    }
  });

  it('ends at once when it is given up', async () => {
    const { engine } = await jobOf(affineOnnx());
    const stop = new AbortController();
    const reason = new TypeError('enough');
    await expect(tune({ engine, signal: stop.signal, onStep: () => stop.abort(reason) })).rejects.toBe(reason);
  });
});

describe('the process of a candidate', () => {
  it('measures under a rate too, and brings the answers', async () => {
    const samples = [{ data: [[1, 2, 3]] }];
    const outcome = await measureInProcess(
      await jobOf(affineOnnx(2), { samples, load: { concurrency: 1, rate: 200 } }),
      never,
    );
    expect(outcome).toMatchObject({
      measured: { answers: [[3, 5, 7]], execution: { mode: 'inline' }, canBatch: true },
    });
    const { measured } = outcome as Extract<typeof outcome, { measured: unknown }>;
    // no faster than it was asked
    expect(measured.throughput).toBeLessThan(220);
    expect(measured.p50Ms).toBeLessThanOrEqual(measured.p99Ms);
  });

  it.each([
    ['exits', 'process.exit(3);', /exited with code 3/],
    ['dies', 'process.kill(process.pid, "SIGKILL");', /ended by SIGKILL/],
    ['throws', 'throw new RangeError("no such driver");', /last words: .*no such driver/s],
    ['never answers', 'setInterval(() => {}, 1000);', /not done within/],
  ])('that %s is a failure of the candidate, with what it said', async (_, source, message) => {
    const file = path.join(await temporaryFolder(), 'candidate.mjs');
    await writeFile(file, source);
    const outcome = await measureInProcess(await jobOf(affineOnnx()), {
      ...never,
      program: pathToFileURL(file),
      timeoutMs: source.startsWith('setInterval') ? 1_000 : 60_000,
    });
    expect(outcome).toMatchObject({ failure: message as never });
  });
});
