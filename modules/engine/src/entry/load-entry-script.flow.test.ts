import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordingLog, temporaryFolder, testEngine } from '../../../../test/support/engine-fixture.ts';
import { affineOnnx } from '../../../../test/support/tiny-models.ts';
import { loadEntryScript } from './load-entry-script.ts';
import type { EntryContext } from './entry-script.ts';

const context: EntryContext = {
  decodeImage: () => Promise.reject(new TypeError("none here")),
  models: { get: () => { throw new RangeError('none here'); }, names: [] },
  modelDirectory: '/models',
  arguments: [],
  sideInputs: {},
  log: recordingLog().log,
}; // prettier-ignore

async function load(source: string, name = 'score.ts'): ReturnType<typeof loadEntryScript> {
  const file = path.join(await temporaryFolder(), name);
  await writeFile(file, source);
  return loadEntryScript(file, context);
}

describe('an entry script', () => {
  it('may be TypeScript or JavaScript, with init() or without', async () => {
    const typed = await load('export function run(data: number): number { return data + 1; }');
    expect(typed.run(1)).toBe(2);
    const plain = await load('let dir; export function init(c) { dir = c.modelDirectory; } export const run = () => dir;', 'score.mjs'); // prettier-ignore
    expect(plain.run(null)).toBe('/models');
  });

  it('has its own state in each engine', async () => {
    const source = 'let count = 0; export const run = () => ++count;';
    const [first, second] = [await load(source), await load(source)];
    expect([first.run(0), first.run(0), second.run(0)]).toEqual([1, 2, 1]);
  });

  it.each([
    { what: 'without run', source: 'export const score = 1;', text: /no exported function "run"; its exports are score/ },
    { what: 'with an init that is no function', source: 'export const init = 3; export const run = () => 1;', text: /"init" is a number/ },
    { what: 'whose init fails', source: '\n\nexport function init() {\n  throw new RangeError("no weights");\n}\nexport const run = () => 1;', text: /init\(\) failed at score\.ts:4:\d+: no weights/ },
    { what: 'that is raw and declares its input', source: 'export const raw = true, input = { x: { standard: 1 } }; export const run = () => 1;', text: /both "raw" and "input"/ },
    { what: 'whose declaration cannot be meant', source: 'export const input = { x: { ndarray: [1], dtype: 3 } }; export const run = () => 1;', text: /input\.x\.dtype is no option/ },
    { what: 'that throws while it loads', source: '\nthrow new TypeError("at once");', text: /at score\.ts:2:\d+: at once/ },
    { what: 'that imports what is not there', source: 'import "./missing.ts"; export const run = () => 1;', text: /missing\.ts/ },
    { what: 'that is no TypeScript', source: 'export const run = (;', text: /score\.ts/ },
  ])('$what is refused with the place', async ({ source, text }) => {
    await expect(load(source)).rejects.toMatchObject({
      code: 'EntryScriptNotLoadable',
      message: expect.stringMatching(text) as string,
    });
  }); // prettier-ignore

  it('that is not there is refused by name', async () => {
    await expect(loadEntryScript('/nowhere/score.ts', context)).rejects.toMatchObject({
      code: 'EntryScriptNotLoadable',
      details: { entryScript: '/nowhere/score.ts' },
    });
  });
});

describe('what an entry script sees', () => {
  it('is its models by name, their signatures, and a log', async () => {
    const { log, lines } = recordingLog();
    const script = `
      let models: any;
      export function init(context: any) {
        models = context.models;
        context.log.info({ step: 'init' }, 'said in init');
      }
      export async function run(data: any) {
        if (data.model !== undefined) return models.get(data.model).signature.inputs[0].name;
        return models.names;
      }`;
    const engine = await testEngine({ onnx: affineOnnx(), script, execution: 'inline', log });
    const score = async (data: unknown): Promise<unknown> => (await engine.score({ requestId: 'r', data })).value;
    expect(await score({})).toEqual(['tiny']);
    expect(await score({ model: 'tiny' })).toBe('x');
    await expect(score({ model: 'other' })).rejects.toThrow('there is no model "other"; there is tiny');
    expect(lines).toContainEqual({ level: 'info', facts: { step: 'init' }, text: 'said in init' });
  });

  it('is a refusal of tensors that do not fit, as the caller’s fault', async () => {
    const script = `
      let model: any;
      export function init(context: any) { model = context.models.get(); }
      export const run = () => model.run({ x: { datatype: 'FP32', shape: [1, 2], data: new Float32Array(2) } });`;
    const engine = await testEngine({ onnx: affineOnnx(), script, execution: 'inline' });
    await expect(engine.score({ requestId: 'r', data: 1 })).rejects.toMatchObject({
      code: 'InputInvalid',
      message: 'cannot score with tiny:1: the input "x" is FP32[1,2] but must be FP32[-1,3]',
    });
  });
});
