import { describe, expect, it } from 'vitest';
import { checkDocument } from './document.ts';
import { parseJson } from './parse-json.ts';
import { ContractError } from './errors/contract-error.ts';
import { InferenceConfigSchema } from './inference-config.ts';

function thrownBy(action: () => unknown): ContractError {
  try {
    action();
  } catch (error) {
    if (error instanceof ContractError) return error;
    throw error;
  }
  throw new TypeError('nothing was thrown');
}

describe('parseJson', () => {
  it('names line and column of the fault', () => {
    const error = thrownBy(() => parseJson('{\n  "a": 1,\n  "b" 2\n}', 'x.json'));
    expect(error.code).toBe('InvalidJson');
    expect(error.details).toMatchObject({ source: 'x.json', line: 3, column: 7 });
    expect(error.message).toContain('x.json');
  });

  it('names the end of a text that breaks off', () => {
    expect(thrownBy(() => parseJson('{"a":', 'x.json')).details).toMatchObject({ line: 1, column: 6 });
  });
});

describe('checkDocument', () => {
  it('returns the value when it follows the schema', () => {
    const value = { entryScript: 'score.ts', platforms: ['amd64'] };
    expect(checkDocument(InferenceConfigSchema, value, 'c.json')).toBe(value);
  });

  it('names path, value and expectation of every issue', () => {
    const error = thrownBy(() =>
      checkDocument(InferenceConfigSchema, { platforms: ['amd64', 'mips'], backend: 7 }, 'c.json'),
    );
    expect(error.code).toBe('InvalidDocument');
    expect(error.message).toContain('$.platforms[1]: expected "amd64" or "arm64v8" or "arm32v7", found "mips"');
    expect(error.message).toContain('$.backend');
  });

  it('lists the known keys when one is unknown', () => {
    const error = thrownBy(() => checkDocument(InferenceConfigSchema, { entryscript: 'score.ts' }, 'c.json'));
    expect(error.message).toContain('$.entryscript');
    expect(error.message).toContain('one of the keys $schema, entryScript');
    expect((error.details['issues'] as unknown[]).length).toBe(1);
  });
});
