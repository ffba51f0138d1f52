import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AGENT } from '../../../../test/support/lint-case.ts';
import { rightManifest } from '../../../../test/support/right-manifest.ts';
import { jsonSteps } from './json-path.ts';
import { lintManifest } from './lint-manifest.ts';
import { createJsonLocator } from './locate-json.ts';
import { lintCatalogue } from './catalogue.ts';
import { sarifLog } from './sarif-log.ts';

describe('createJsonLocator', () => {
  const text = '{\n  "a": {"b.c": [1, {"d": "}]"}]},\n  "e": null\n}';
  const locate = createJsonLocator(text);

  it.each([
    ['$', 1, 1],
    ['$.a', 2, 3],
    ['$.a["b.c"]', 2, 9],
    ['$.a["b.c"][0]', 2, 17],
    ['$.a["b.c"][1]', 2, 20],
    ['$.a["b.c"][1].d', 2, 21],
    ['$.e', 3, 3],
    ['$.e.missing.below', 3, 3],
    ['$.missing', 1, 1],
  ])('finds %s at line %i, column %i', (path, line, column) => {
    expect(locate(jsonSteps(path))).toEqual({ line, column });
  });

  it('finds the key of every member of any document', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 2 })), (document) => {
        const written = JSON.stringify(document, null, 1);
        const lines = written.split('\n');
        const find = createJsonLocator(written);
        for (const name of Object.keys(document)) {
          const { line, column } = find([name]);
          expect(lines[line - 1]?.slice(column - 1).startsWith(JSON.stringify(name))).toBe(true);
        }
      }),
    );
  });
});

describe('sarifLog', () => {
  const text = JSON.stringify(rightManifest(), null, 2).replace(
    /("edgeHub": \{\s+"type": "docker",)\s+"status": "running",/,
    '$1',
  );
  const findings = lintManifest(text, { source: 'x.json' });
  const log = sarifLog([{ source: 'config\\my manifest.json', text, findings }], '1.2.3');

  it('has one rule for each code and one result for each finding, at its line', () => {
    expect(findings).toHaveLength(1);
    const path = `${AGENT}.systemModules.edgeHub`;
    const line = text.split('\n').findIndex((each) => each.includes('"edgeHub": {')) + 1;
    expect(log).toMatchObject({
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'edgewright', version: '1.2.3' } },
          results: [
            {
              ruleId: 'EW3007',
              level: 'error',
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'config/my%20manifest.json' },
                    region: {
                      startLine: line,
                      startColumn: (text.split('\n')[line - 1] ?? '').indexOf('"edgeHub"') + 1,
                    },
                  },
                  logicalLocations: [{ fullyQualifiedName: path }],
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it('gives rules in the order of the catalogue, to which results refer', () => {
    const [run] = log['runs'] as {
      tool: { driver: { rules: { id: string }[] } };
      results: { ruleIndex: number; ruleId: string }[];
    }[];
    const rules = run?.tool.driver.rules ?? [];
    expect(rules.map(({ id }) => id)).toEqual(Object.keys(lintCatalogue));
    expect(run?.results.map(({ ruleIndex }) => rules[ruleIndex]?.id)).toEqual(run?.results.map(({ ruleId }) => ruleId));
  });
});
