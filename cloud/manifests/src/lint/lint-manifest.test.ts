import { describe, expect, it } from 'vitest';
import { FILTER } from '../../../../test/support/lint-case.ts';
import { layerCases } from '../../../../test/support/lint-cases/layers.ts';
import { limitCases } from '../../../../test/support/lint-cases/limits.ts';
import { moduleCases } from '../../../../test/support/lint-cases/modules.ts';
import { routeCases } from '../../../../test/support/lint-cases/routes.ts';
import { rightLayer, rightManifest } from '../../../../test/support/right-manifest.ts';
import type { Json } from '../../../../test/support/right-manifest.ts';
import { lintCatalogue } from './catalogue.ts';
import { jsonPath, jsonSteps } from './json-path.ts';
import { lintManifest } from './lint-manifest.ts';

const cases = { ...moduleCases, ...routeCases, ...limitCases };

/** Puts a value at a place of a document, or takes what stands there out when the value is undefined. */
function changed(document: Json, changes: Readonly<Record<string, unknown>>): Json {
  for (const [path, value] of Object.entries(changes)) {
    const steps = jsonSteps(path);
    expect(jsonPath(steps)).toBe(path);
    const last = steps.pop() ?? '';
    let place = document;
    for (const step of steps) place = (place[step] ??= {}) as Json;
    if (value === undefined) delete place[last];
    else place[last] = value;
  }
  return document;
}

describe('lintManifest', () => {
  it('has nothing to say about a manifest that is right', () => {
    expect(lintManifest(rightManifest(), { source: 'x.json' })).toEqual([]);
    expect(lintManifest(JSON.stringify(rightManifest()), { source: 'x.json' })).toEqual([]);
  });

  it('has nothing to say about a layer that is right', () => {
    expect(lintManifest(rightLayer(), { source: 'x.json' })).toEqual([]);
  });

  it.each(Object.entries(cases))('finds %s', (_, { changes, finds, says, options }) => {
    const findings = lintManifest(changed(rightManifest(), changes), { source: 'x.json', ...options });
    expect(findings.map(({ code, severity, path }) => `${code} ${severity} ${path}`)).toEqual(finds);
    expect(findings.map(({ message }) => message).join('\n')).toContain(says ?? '');
  });

  it.each(Object.entries(layerCases))('finds %s', (_, { changes, finds, says, options }) => {
    const findings = lintManifest(changed(rightLayer(), changes), { source: 'x.json', ...options });
    expect(findings.map(({ code, severity, path }) => `${code} ${severity} ${path}`)).toEqual(finds);
    expect(findings.map(({ message }) => message).join('\n')).toContain(says ?? '');
  });

  it('says where a text stops being JSON', () => {
    expect(lintManifest('{\n  "a": ]', { source: 'x.json' })).toMatchObject([
      { code: 'EW1002', severity: 'error', path: '$', message: expect.stringContaining('line 2, column 8') as string },
    ]);
  });

  it.each([null, 7, [], {}, { modulesContent: [] }, { modulesContent: { $edgeAgent: { 'properties.desired': 3 } } }])(
    'takes %j for what it is',
    (document) => {
      const findings = lintManifest(document, { source: 'x.json' });
      expect(new Set(findings.map(({ code }) => code))).toEqual(new Set(['EW1001']));
    },
  );

  it('has a test for every code', () => {
    const tested = [...Object.values(cases), ...Object.values(layerCases)].flatMap(({ finds }) =>
      finds.map((text) => text.slice(0, 6)),
    );
    expect([...new Set([...tested, 'EW1002'])].toSorted()).toEqual(Object.keys(lintCatalogue).toSorted());
  });

  it('takes its reason and remedy from the catalogue', () => {
    const [finding] = lintManifest(changed(rightManifest(), { [`${FILTER}.status`]: undefined }), { source: 'x.json' });
    expect(finding).toMatchObject({ reason: lintCatalogue.EW3007.reason, remedy: lintCatalogue.EW3007.remedy });
  });
});
