import { describe, expect, it } from 'vitest';
import { readCollectionEnvironment } from './collection-environment.ts';

describe('the variables of the collection', () => {
  it.each([
    [{}, undefined],
    [{ EDGEWRIGHT_COLLECT_FOLDER: '/data' }, { folder: '/data' }],
    [
      { EDGEWRIGHT_COLLECTION: '{"format":"jsonl"}', EDGEWRIGHT_COLLECT_FOLDER: '/d' },
      { format: 'jsonl', folder: '/d' },
    ],
    [{ EDGEWRIGHT_COLLECT_FOLDER: '/data', AML_MODEL_DC_STORAGE_ENABLED: 'false' }, undefined],
    [{ AML_MODEL_DC_STORAGE_ENABLED: 'True' }, {}],
  ])('%j', (variables, settings) => {
    expect(readCollectionEnvironment(variables).settings).toEqual(settings);
  });

  it('name secrets, or their files', () => {
    const file = { EDGEWRIGHT_COLLECT_CREDENTIAL_FILE: '/s', EDGEWRIGHT_COLLECT_HASH_KEY: 'k' };
    expect(readCollectionEnvironment(file)).toMatchObject({ credential: { file: '/s' }, hashKey: { value: 'k' } });
  });

  it.each([
    [{ AML_MODEL_DC_STORAGE_ENABLED: 'yes' }, 'AML_MODEL_DC_STORAGE_ENABLED: expected true or false'],
    [{ EDGEWRIGHT_COLLECTION: '{' }, 'EDGEWRIGHT_COLLECTION'],
    [{ EDGEWRIGHT_COLLECTION: '{"sampling":{"rate":2}}' }, '$.sampling.rate'],
  ])('%j is refused', (variables, text) => {
    const expected = { code: 'EnvironmentInvalid', message: expect.stringContaining(text) as string };
    expect(() => readCollectionEnvironment(variables)).toThrow(expect.objectContaining(expected) as Error);
  });
});
