import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AGENT, HUB } from '../../../../test/support/lint-case.ts';
import { rightLayer, rightManifest } from '../../../../test/support/right-manifest.ts';
import type { Json } from '../../../../test/support/right-manifest.ts';
import { jsonPath, jsonSteps } from './json-path.ts';
import { lintManifest } from './lint-manifest.ts';

/** Every place of a document. */
function placesOf(value: unknown, steps: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [steps];
  return [steps, ...Object.entries(value).flatMap(([name, child]) => placesOf(child, [...steps, name]))];
}

function withValueAt(document: Json, steps: readonly (string | number)[], value: unknown): unknown {
  const [last] = steps.slice(-1);
  if (last === undefined) return value;
  let place = document;
  for (const step of steps.slice(0, -1)) place = place[step] as Json;
  place[last] = value;
  return document;
}

describe('lintManifest', () => {
  it('throws for no document', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (document) => {
        expect(Array.isArray(lintManifest(document, { source: 'x' }))).toBe(true);
      }),
    );
  });

  it.each([
    ['manifest', rightManifest],
    ['layer', rightLayer],
  ])('throws for no change to one place of a right %s, and points into the document', (_, make) => {
    const places = placesOf(make());
    const odd = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('FROM', '$upstream', '{', '${A}', '\0'));
    fc.assert(
      fc.property(fc.constantFrom(...places), odd, (steps, value) => {
        const options = {
          source: 'x',
          also: ['iotedgehubdev'],
          previous: make(),
          platform: 'amd64',
          images: {},
        } as const;
        for (const { path } of lintManifest(withValueAt(make(), steps, value), options)) expect(path).toMatch(/^\$/);
      }),
      { numRuns: 200 },
    );
  });

  it('writes paths that can be read back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.nat()), { maxLength: 6 }),
        (steps) => {
          expect(jsonSteps(jsonPath(steps))).toEqual(steps);
        },
      ),
    );
  });

  it('takes a moment for 50 modules with two routes each', () => {
    const manifest = rightManifest();
    const at = (path: string) => jsonSteps(path).reduce<Json>((place, step) => place[step] as Json, manifest);
    const modules = at(`${AGENT}.modules`);
    const routes = at(`${HUB}.routes`);
    for (let index = 0; index < 48; index += 1) {
      modules[`m${index}`] = { type: 'docker', status: 'running', settings: { image: 'a:1', createOptions: '{}' } };
      routes[`in${index}`] =
        `FROM /messages/modules/tempSensor/outputs/o${index} WHERE a = 'x' INTO BrokeredEndpoint("/modules/m${index}/inputs/i")`;
      routes[`out${index}`] = `FROM /messages/modules/m${index}/outputs/* INTO $upstream`;
    }
    const times = Array.from({ length: 5 }, () => {
      const begin = performance.now();
      expect(lintManifest(manifest, { source: 'x' })).toEqual([]);
      return performance.now() - begin;
    });
    // a tenth of it on a machine with nothing else to do; this is to notice when it grows faster than the manifest
    expect(Math.min(...times)).toBeLessThan(500);
  });
});
