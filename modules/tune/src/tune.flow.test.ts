import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { modelFile, temporaryFolder } from '../../../test/support/engine-fixture.ts';
import { affineOnnx } from '../../../test/support/tiny-models.ts';
import { measureInProcess } from './measure/measure-in-process.ts';
import type { MeasureJob } from './measure/measure-job.ts';
import { measureProgram } from './measure/measure-program.ts';
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
    const tuning = tune({ engine, signal: stop.signal });
    stop.abort(reason);
    await expect(tuning).rejects.toBe(reason);
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
      measured: { answers: [[3, 5, 7]], canBatch: true },
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
