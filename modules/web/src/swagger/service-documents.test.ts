import { Validator } from '@seriousme/openapi-schema-validator';
import type { EngineDescription } from '@edgewright/engine';
import { describe, expect, it } from 'vitest';
import { documentOf } from './service-documents.ts';

const execution = { mode: 'inline', workers: 0, threads: 1, reason: 'a test' } as const;
const base: EngineDescription = { models: [], backend: 'onnx', backendReason: 'a test', execution, entryScript: false };

const one: EngineDescription = {
  ...base,
  models: [
    {
      name: 'm',
      version: 1,
      signature: {
        inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
        outputs: [
          { name: 'label', datatype: 'BYTES', shape: [-1] },
          { name: 'scores', datatype: 'FP64', shape: [-1, 2] },
        ],
      },
    },
  ],
};
const [model] = one.models;
const several: EngineDescription = {
  ...base,
  models: [{ name: 'm', version: 1, signature: { inputs: [...(model?.signature.inputs ?? []), { name: 'flag', datatype: 'BOOL', shape: [] }], outputs: [] } }],
}; // prettier-ignore
const table = { type: 'array', format: 'pandas.DataFrame:records', items: { type: 'object', properties: { name: { type: 'string' } } }, example: [{ name: 'Sarah' }] }; // prettier-ignore
const declared: EngineDescription = {
  ...base,
  entryScript: true,
  script: {
    raw: false,
    input: { type: 'object', required: ['Inputs'], properties: { Inputs: { type: 'object', properties: { people: table } } } },
    output: { type: 'object', properties: { Results: table } },
  },
}; // prettier-ignore
const bare: EngineDescription = { ...base, entryScript: true };
const name = { title: 'a service', version: '1.0', pathPrefix: '/api/v1/service/a' };

describe.each([
  { what: 'a model with one input', description: one },
  { what: 'a model with several inputs', description: several },
  { what: 'an entry script that declares', description: declared },
  { what: 'an entry script that does not', description: bare },
  { what: 'a model that takes images', description: { ...one, images: true } },
])('the documents of $what', ({ description }) => {
  it.each(['2', '3', '3.1'])('are valid by the schema of OpenAPI: version %s', async (version) => {
    const validator = new Validator();
    const document = documentOf(version, { name, own: {}, description });
    const { valid, errors } = await validator.validate(structuredClone(document) as Record<string, unknown>);
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
    expect(validator.version).toBe(version === '2' ? '2.0' : version === '3' ? '3.0' : '3.1');
  });
});

it('says that credentials may be left out where nobody needs them', () => {
  const security = (isOpen: boolean) => documentOf('3.1', { name: { ...name, isOpen }, own: {}, description: one });
  const path = '/api/v1/service/a/score';
  expect(security(true)).toMatchObject({ paths: { [path]: { post: { security: [{ Bearer: [] }, {}] } } } });
  expect(security(false)).toMatchObject({ paths: { [path]: { post: { security: [{ Bearer: [] }] } } } });
});

describe('what a service says it takes', () => {
  it('follows from the signature of its model', () => {
    expect(documentOf('3', { name, own: {}, description: one })).toMatchObject({
      components: {
        schemas: {
          ServiceInput: { required: ['data'], example: { data: [[0, 0, 0]] } },
          ServiceOutput: {
            properties: {
              predictions: {
                properties: {
                  label: { type: 'array', items: { type: 'string' } },
                  scores: { items: { maxItems: 2, items: { type: 'number', format: 'double' } } },
                },
              },
            },
          },
        },
      },
    });
  });

  it('is what its script declares, with the sample as the example', () => {
    expect(documentOf('2', { name, own: {}, description: declared })).toMatchObject({
      paths: { '/api/v1/service/a/score': { post: { operationId: 'RunMLService' } } },
      definitions: { ServiceInput: declared.script?.input, ServiceOutput: declared.script?.output },
    });
  });
});
