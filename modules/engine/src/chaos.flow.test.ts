import { describe, expect, it } from 'vitest';
import type { Engine, EngineError } from './index.ts';
import { recordingLog, testEngine } from '../../../test/support/engine-fixture.ts';
import { affineOnnx, slowOnnx } from '../../../test/support/tiny-models.ts';

/** What scripts may do to the worker that runs them, by what they are sent. The host must live through all of it. */
const hostile = `
  import { setTimeout as sleep } from 'node:timers/promises';
  const kept: unknown[] = [];
  export async function run(data: any, request: any) {
    switch (data.do) {
      case 'throw': throw new RangeError('thrown on purpose');
      case 'throw nothing': throw undefined;
      case 'exit': process.exit(7);
      case 'abort': process.abort();
      case 'kill': process.kill(process.pid, 'SIGKILL'); await sleep(5000);
      case 'loop': for (;;) kept.length = 0;
      case 'sleep': await sleep(data.ms); return 'slept';
      case 'heed': await sleep(60_000, undefined, { signal: request.signal }); return 'never';
      case 'fill the heap': for (;;) kept.push(Array.from({ length: 1000 }, (_, i) => ({ i })));
      case 'fill buffers': for (;;) { kept.push(new Uint8Array(10_000_000).fill(1)); await sleep(5); }
      case 'reject later': setTimeout(() => Promise.reject(new Error('nobody listens')), 10); await sleep(5000); return 'x';
      case 'return a function': return { deep: [() => 1] };
      case 'return a cycle': { const a: any = {}; a.a = a; return a; }
      case 'refuse': throw request.invalid('the field "rows" is missing', { field: 'rows' });
      case 'print': console.log('printed'); console.error('printed too'); return 'printed';
      default: return data.do;
    }
  }`;

const request = { requestId: 'r' };

async function outcome(engine: Engine, data: unknown, more: object = {}): Promise<EngineError> {
  const result = await engine.score({ ...request, data, ...more }).then(
    (value) => value,
    (error: unknown) => error,
  );
  return result as EngineError;
}

async function stillScores(engine: Engine): Promise<void> {
  const result = await engine.score({ ...request, data: { do: 'well' } });
  expect(result.value).toBe('well');
}

describe('an entry script cannot take the host with it', () => {
  it.each([
    { act: 'throw', code: 'EntryScriptFailed', text: /score\.ts:6:\d+: RangeError: thrown on purpose/ },
    { act: 'throw nothing', code: 'EntryScriptFailed', text: /undefined/ },
    { act: 'exit', code: 'WorkerLost', text: /exited with code 7/ },
    { act: 'abort', code: 'WorkerLost', text: /ended by SIGABRT/ },
    { act: 'kill', code: 'WorkerLost', text: /ended by SIGKILL/ },
    { act: 'reject later', code: 'WorkerLost', text: /nobody listens/ },
    { act: 'return a function', code: 'EntryScriptFailed', text: /\$\.deep\[0\] is a function/ },
    { act: 'return a cycle', code: 'EntryScriptFailed', text: /cycle/ },
    { act: 'refuse', code: 'InputInvalid', text: /the field "rows" is missing/ },
  ])('by: $act', async ({ act, code, text }) => {
    const engine = await testEngine({ onnx: affineOnnx(), script: hostile });
    const error = await outcome(engine, { do: act });
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(text);
    await stillScores(engine);
  });

  it.each([
    { act: 'fill the heap', memory: 64 },
    { act: 'fill buffers', memory: 128 },
  ])('by: $act', async ({ act, memory }) => {
    const engine = await testEngine({ onnx: affineOnnx(), script: hostile, limits: { workerMemoryMb: memory } });
    const error = await outcome(engine, { do: act });
    expect(error).toMatchObject({ code: 'WorkerLost' });
    expect(error.message).toContain(`${memory} MB`);
    await stillScores(engine);
  });

  it('by looping for ever: the worker is ended at the deadline, others are not disturbed', async () => {
    const { log, lines } = recordingLog();
    const engine = await testEngine({ onnx: affineOnnx(), script: hostile, workers: 2, log });
    const looping = outcome(engine, { do: 'loop' }, { timeoutMs: 300 });
    for (let i = 0; i < 5; i += 1) await stillScores(engine);
    const error = await looping;
    expect(error).toMatchObject({ code: 'ScoringTimeout', details: { phase: 'running', timeoutMs: 300 } });
    expect(engine.stats()).toMatchObject({ timedOut: 1, completed: 5 });
    await expect.poll(() => engine.stats().workersReplaced).toBe(1);
    expect(lines.some((line) => line.facts['event'] === 'engine.worker.lost')).toBe(true);
    await Promise.all([stillScores(engine), stillScores(engine)]);
  });

  it('prints into the log', async () => {
    const { log, lines } = recordingLog();
    const engine = await testEngine({ onnx: affineOnnx(), script: hostile, log });
    await outcome(engine, { do: 'print' });
    const printed = (): unknown[] => lines.filter((line) => line.facts['event'] === 'engine.worker.print').map((line) => [line.facts['stream'], line.text]); // prettier-ignore
    await expect.poll(printed).toHaveLength(2);
    expect(printed()).toEqual(expect.arrayContaining([['stdout', 'printed'], ['stderr', 'printed too']])); // prettier-ignore
  });
});

describe('deadlines, cancellation and the queue', () => {
  it('a request that waits too long is refused and says so', async () => {
    const engine = await testEngine({ onnx: affineOnnx(), script: hostile });
    const first = outcome(engine, { do: 'sleep', ms: 400 });
    const second = await outcome(engine, { do: 'well' }, { timeoutMs: 100 });
    expect(second).toMatchObject({ code: 'ScoringTimeout', details: { phase: 'waiting' } });
    expect(await first).toMatchObject({ value: 'slept' });
    expect(engine.stats().workersReplaced).toBe(0);
  });

  it('the script hears of its deadline and of a caller that gives up', async () => {
    const engine = await testEngine({ onnx: affineOnnx(), script: hostile });
    const stop = new AbortController();
    const asked = outcome(engine, { do: 'heed' }, { signal: stop.signal });
    setTimeout(() => stop.abort(new TypeError('given up')), 50);
    expect(await asked).toMatchObject({ message: 'given up' });
    // the worker is free again, without having been replaced
    await stillScores(engine);
    expect(engine.stats()).toMatchObject({ cancelled: 1, workersReplaced: 0 });
  });

  it('a request that is given up while it waits leaves the queue', async () => {
    const engine = await testEngine({ onnx: affineOnnx(), script: hostile });
    const first = outcome(engine, { do: 'sleep', ms: 200 });
    const stop = new AbortController();
    const second = outcome(engine, { do: 'well' }, { signal: stop.signal });
    expect(engine.stats()).toMatchObject({ running: 1, waiting: 1 });
    stop.abort(new TypeError('given up'));
    expect(await second).toMatchObject({ message: 'given up' });
    expect(engine.stats().waiting).toBe(0);
    await first;
  });

  it('a full queue refuses, and takes again when there is room', async () => {
    const engine = await testEngine({ onnx: affineOnnx(), script: hostile, limits: { queueLength: 1 } });
    const first = outcome(engine, { do: 'sleep', ms: 100 });
    const second = outcome(engine, { do: 'well' });
    const third = await outcome(engine, { do: 'well' });
    expect(third).toMatchObject({ code: 'QueueFull', details: { waiting: 1, limit: 1 } });
    expect(await second).toMatchObject({ value: 'well' });
    await first;
    await stillScores(engine);
  });

  it('keeps the order in which requests came', async () => {
    const engine = await testEngine({ onnx: affineOnnx(), script: hostile });
    const done: number[] = [];
    const all = Array.from({ length: 20 }, async (_, i) => {
      await outcome(engine, { do: 'well' });
      done.push(i);
    });
    await Promise.all(all);
    expect(done).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('a model that runs too long is ended in the middle of its run', async () => {
    const engine = await testEngine({ onnx: slowOnnx(400), execution: 'worker' });
    const row = Array.from({ length: 320 }, () => 1);
    const started = performance.now();
    const error = await outcome(engine, { data: Array.from({ length: 320 }, () => row) }, { timeoutMs: 30 });
    expect(error).toMatchObject({ code: 'ScoringTimeout', details: { phase: 'running' } });
    expect(performance.now() - started).toBeLessThan(1000);
    const result = await engine.score({ ...request, data: { data: [row] } });
    expect(Object.keys(result.value as object)).toEqual(['predictions']);
  });

  it('closing refuses what comes and waits for what runs', async () => {
    const engine = await testEngine({ onnx: affineOnnx(), script: hostile });
    const running = outcome(engine, { do: 'sleep', ms: 200 });
    const closed = engine[Symbol.asyncDispose]();
    expect(await outcome(engine, { do: 'well' })).toMatchObject({ code: 'EngineClosed' });
    expect(await running).toMatchObject({ value: 'slept' });
    await closed;
  });

  it('closing gives up on what runs longer than it may', async () => {
    const engine = await testEngine({ onnx: affineOnnx(), script: hostile, limits: { drainMs: 50 } });
    const running = outcome(engine, { do: 'loop' });
    await engine[Symbol.asyncDispose]();
    expect(await running).toMatchObject({ code: 'EngineClosed' });
  });
});
