import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { recordingLog, testEngine } from '../../../../test/support/engine-fixture.ts';
import { affineOnnx } from '../../../../test/support/tiny-models.ts';
import type { Engine, ScoreResult } from '../engine.ts';
import type { ExecutionMode } from '../execution/execution-mode.ts';
import type { HttpCall, ScriptAnswer } from '../scoring/job.ts';

const modes: readonly ExecutionMode[] = ['inline', 'worker', 'process'];
const call: HttpCall = {
  method: 'POST',
  url: '/score?a=1&a=2',
  headers: [['x-mark', 'one']],
  body: Buffer.from('{"n":3}'),
};

async function start(script: string, execution: ExecutionMode = 'process'): Promise<Engine> {
  return testEngine({ onnx: affineOnnx(), script, execution });
}

async function answerOf(engine: Engine, options: { data?: unknown; timeoutMs?: number } = {}): Promise<ScriptAnswer> {
  const { answer } = await engine.score({ requestId: 'r', data: null, http: call, ...options });
  return answer as ScriptAnswer;
}

function streamIn({ body }: ScriptAnswer): Exclude<ScriptAnswer['body'], Uint8Array> {
  expect(body).not.toBeInstanceOf(Uint8Array);
  return body as Exclude<ScriptAnswer['body'], Uint8Array>;
}

async function textOf(answer: ScriptAnswer): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of streamIn(answer)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

describe.each(modes)('an entry script that runs %s', (mode) => {
  it('gets what it declared, as tensors and rows', async () => {
    const engine = await start(
      `export const input = { data: { ndarray: [[1, 2, 3]], datatype: 'FP32' }, who: { standard: 'x', optional: true } };
       export const output = { predictions: { ndarray: [[1.5, 2, 3]] } };
       let model;
       export function init(context) { model = context.models.get('tiny'); }
       export async function run({ data, who = 'nobody' }) {
         const { y } = await model.run({ x: data });
         return { predictions: y.data, shape: y.shape, who };
       }`,
      mode,
    );
    const score = (data: unknown): Promise<ScoreResult> => engine.score({ requestId: 'r', data });
    expect((await score({ data: [[1, 2, 3]] })).value).toEqual({ predictions: [3, 5, 7], shape: [1, 3], who: 'nobody' });
    await expect(score({ data: [[1, 2]] })).rejects.toMatchObject({ code: 'InputInvalid', details: { path: '$.data' } });
    const { script } = engine.describe();
    expect(script).toMatchObject({ raw: false, input: { required: ['data'] }, output: { example: { predictions: [[1.5, 2, 3]] } } });
  });

  it('may take requests as they came', async () => {
    const engine = await start(
      `export const raw = true;
       export function run(call, request) {
         return { method: call.method, a: call.query.getAll('a'), mark: call.headers.get('x-mark'), body: call.json(), same: request.headers.get('x-mark') };
       }`,
      mode,
    );
    const { value } = await engine.score({ requestId: 'r', data: null, http: call });
    expect(value).toEqual({ method: 'POST', a: ['1', '2'], mark: 'one', body: { n: 3 }, same: 'one' });
    const message = await engine.score({ requestId: 'r', data: { n: 4 } });
    expect(message.value).toMatchObject({ method: 'POST', body: { n: 4 } });
  });

  it('may answer with a status, headers and bytes', async () => {
    const engine = await start(
      `export const run = (data, request) => request.respond(Uint8Array.of(1, 2), { status: 201, headers: { 'content-type': 'image/x', a: ['1', '2'] } });`,
      mode,
    );
    expect(await answerOf(engine)).toMatchObject({
      status: 201,
      headers: [['content-type', 'image/x'], ['a', '1'], ['a', '2']],
      failed: false,
      body: Uint8Array.of(1, 2),
    });
  });

  it('may stream, in order and to the end', async () => {
    const engine = await start(
      `async function* words() { for (let i = 0; i < 50; i += 1) { if (i % 10 === 0) await new Promise((r) => setTimeout(r, 2)); yield i + ' '; } }
       export const run = (data, request) => request.respond(words(), { headers: { 'content-type': 'text/plain' } });`,
      mode,
    );
    const expected = Array.from({ length: 50 }, (_, i) => `${i} `).join('');
    expect(await textOf(await answerOf(engine))).toBe(expected);
    // the lane is free again
    expect(await textOf(await answerOf(engine))).toBe(expected);
    expect(engine.stats()).toMatchObject({ running: 0, completed: 2 });
  });

  it('may fail in the middle of a stream: the reader hears where', async () => {
    const engine = await start(
      `async function* broken() { yield 'a'; await new Promise((r) => setTimeout(r, 5)); throw new RangeError('no more'); }
       export const run = () => broken();`,
      mode,
    );
    await expect(textOf(await answerOf(engine))).rejects.toMatchObject({
      code: 'EntryScriptFailed',
      message: expect.stringMatching(/score\.ts:1:\d+: RangeError: no more/) as string,
    });
    expect(engine.stats().running).toBe(0);
  });

  it('hears that nobody reads any more', async () => {
    const { log, lines } = recordingLog();
    const engine = await testEngine({
      onnx: affineOnnx(),
      execution: mode,
      log,
      script: `let log; export function init(context) { log = context.log; }
        async function* forever() { try { for (;;) { yield 'x'.repeat(70_000); await new Promise((r) => setTimeout(r, 1)); } } finally { log.info({ event: 'left' }, 'left'); } }
        export const run = () => forever();`,
    });
    const answer = await answerOf(engine);
    let size = 0;
    for await (const piece of streamIn(answer)) {
      size += piece.length;
      if (size > 200_000) break;
    }
    await streamIn(answer).finished;
    await expect.poll(() => lines.filter(({ facts }) => facts['event'] === 'left')).toHaveLength(1);
    expect(engine.stats()).toMatchObject({ running: 0, workersReplaced: 0 });
  });
}); // prettier-ignore

describe('a stream', () => {
  it('is made no faster than it is read', async () => {
    const engine = await start(
      `let made = 0;
       async function* much() { for (;;) { made += 1; yield new Uint8Array(65_536); await null; } }
       export const run = (data, request) => data === 'made' ? made : much();`,
      'inline',
    );
    const answer = await answerOf(engine);
    const iterator = streamIn(answer)[Symbol.asyncIterator]();
    await iterator.next();
    await sleep(50);
    await iterator.return?.();
    await streamIn(answer).finished;
    // the window, what was read, and what waits for the window
    const { value } = await engine.score({ requestId: 'r', data: 'made' });
    expect(value).toBeLessThan(20);
  });

  it('may take longer than the deadline, but not stand still for so long', async () => {
    const engine = await start(
      `async function* steps(ms) { for (const step of ms) { yield '.'; await new Promise((r) => setTimeout(r, step)); } yield '!'; }
       export const run = (ms) => steps(ms);`,
    );
    expect(await textOf(await answerOf(engine, { data: [250, 250, 250], timeoutMs: 500 }))).toBe('...!');
    await expect(textOf(await answerOf(engine, { data: [60_000], timeoutMs: 400 }))).rejects.toMatchObject({
      code: 'ScoringTimeout',
      details: { phase: 'streaming' },
    });
    await expect.poll(() => engine.stats().workersReplaced).toBe(1);
    expect((await answerOf(engine, { data: [] })).body).toEqual(Buffer.from('!'));
  });

  it('that nobody reads is given up', async () => {
    const engine = await start(`async function* one() { for (;;) yield new Uint8Array(65_536); } export const run = () => one();`);
    const answer = await answerOf(engine, { timeoutMs: 200 });
    await streamIn(answer).finished;
    await expect.poll(() => engine.stats().running).toBe(0);
  }); // prettier-ignore

  it('breaks with the reason when the worker dies under it', async () => {
    const engine = await start(
      `async function* dying() { yield 'a'; await new Promise((r) => setTimeout(r, 20)); process.exit(3); }
       export const run = () => dying();`,
    );
    await expect(textOf(await answerOf(engine))).rejects.toMatchObject({ code: 'WorkerLost' });
  });
});

describe('an answer to what did not come over HTTP', () => {
  it.each([
    { body: `new Response('{"a":1}', { headers: { 'content-type': 'application/json' } })`, value: { a: 1 } },
    { body: `new Response('text')`, value: 'text' },
    { body: `Uint8Array.of(1)`, value: 'AQ==' },
    { body: `(async function* () { yield 'a'; await new Promise((r) => setTimeout(r, 5)); yield 'b'; })()`, value: 'YWI=' },
  ])('is a value: $body', async ({ body, value }) => {
    const made = body.startsWith('new Response') ? body : `request.respond(${body})`;
    const engine = await start(`export const run = (data, request) => ${made};`, 'inline');
    expect((await engine.score({ requestId: 'r', data: 1 })).value).toEqual(value);
  }); // prettier-ignore

  it('is a failure when its status says so', async () => {
    const engine = await start(`export const run = (data, request) => request.respond({ no: 1 }, { status: 404 });`, 'inline');
    await expect(engine.score({ requestId: 'r', data: 1 })).rejects.toThrow('answered with the status 404: {"no":1}');
  }); // prettier-ignore
});

describe('an answer that HTTP does not have', () => {
  it.each([
    { made: `request.respond('a', { status: 99 })`, text: 'the status 99' },
    { made: `request.respond('a', { headers: { 'bad name': 'x' } })`, text: 'bad name' },
    { made: `request.respond('a', { headers: { a: 'x\\r\\ny: z' } })`, text: 'that HTTP does not allow' },
    { made: `request.respond('a', { headers: { a: '\u2013' } })`, text: 'that HTTP does not allow' },
    { made: `(async function* () { yield 5; })()`, text: 'gave a number' },
  ])('is a failure of the script: $made', async ({ made, text }) => {
    const engine = await start(`export const run = (data, request) => ${made};`, 'inline');
    const outcome = answerOf(engine).then(textOf);
    await expect(outcome).rejects.toMatchObject({ code: 'EntryScriptFailed', message: expect.stringContaining(text) as string });
  }); // prettier-ignore
});
