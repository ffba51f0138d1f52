import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectionDesignations, collectionFormats } from './collected-row.ts';
import { collectionPath, parseCollectionPath } from './collection-path.ts';
import type { CollectionPlace } from './collection-path.ts';

const place: CollectionPlace = {
  subscription: 'sub',
  resourceGroup: 'rg',
  workspace: 'ws',
  service: 'svc',
  model: 'diabetes',
  version: '3',
  designation: 'inputs',
  day: '2026-11-30',
  format: 'csv',
};

const name = fc.string({ minLength: 1, unit: 'binary' });
const date = fc
  .date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((when) => when.toISOString().slice(0, 10));
const anyPlace: fc.Arbitrary<CollectionPlace> = fc.record(
  {
    subscription: name,
    resourceGroup: name,
    workspace: name,
    service: name,
    model: name,
    version: name,
    designation: fc.constantFrom(...collectionDesignations),
    day: date,
    format: fc.constantFrom(...collectionFormats),
    part: fc.stringMatching(/^[A-Za-z0-9-]+$/),
  },
  {
    requiredKeys: [
      'subscription',
      'resourceGroup',
      'workspace',
      'service',
      'model',
      'version',
      'designation',
      'day',
      'format',
    ],
  },
);

describe('a path of collected rows', () => {
  it("is Azure ML's", () => {
    expect(collectionPath(place)).toBe('sub/rg/ws/svc/diabetes/3/inputs/2026/11/30/data.csv');
    expect(collectionPath({ ...place, part: 'b-1', format: 'parquet' })).toMatch(/\/30\/data-b-1\.parquet$/);
  });

  it('leads nowhere else', () => {
    expect(collectionPath({ ...place, service: '..', model: '../../etc' })).toBe(
      'sub/rg/ws/.%2E/..%2F..%2Fetc/3/inputs/2026/11/30/data.csv',
    );
  });

  it('is read as it was written, below any folder', () => {
    fc.assert(
      fc.property(anyPlace, (written) => {
        const path = collectionPath(written);
        expect(path.split('/')).not.toContain('..');
        expect(parseCollectionPath(path)).toEqual(written);
        expect(parseCollectionPath(`/some/where/${path}`)).toEqual(written);
      }),
    );
  });

  it.each([
    'data.csv',
    'sub/rg/ws/svc/diabetes/3/inputs/2026/11/data.csv',
    'sub/rg/ws/svc/diabetes/3/labels/2026/11/30/data.csv',
    'sub/rg/ws/svc/diabetes/3/inputs/2026/11/30/other.csv',
    'sub/rg/ws/svc/diabetes/3/inputs/2026/11/30/data.csv.draft',
    'sub/rg/ws/%E0%A4%A/diabetes/3/inputs/2026/11/30/data.csv',
  ])('%s is none', (path) => {
    expect(parseCollectionPath(path)).toBeUndefined();
  });
});
