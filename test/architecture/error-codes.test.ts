import { errorCatalogue } from '@edgewright/contract';
import { describe, expect, it } from 'vitest';
import { workspacePackages } from './repository.ts';
import { scanRepository } from './scan.ts';

const scan = scanRepository();
const workspaces = new Map(
  workspacePackages().map((workspace) => [workspace.name.replace('@edgewright/', ''), workspace.folder]),
);
const areas = Object.entries(errorCatalogue).map(([area, rows]) => [area, Object.keys(rows)] as const);
const classNameOf = (area: string): RegExp => new RegExp(`^${area}Error$`, 'i');

/** String literals in the sources of an area's workspace, and the first arguments of its error class. */
function codesOf(area: string): { literals: Set<string>; thrown: { code: string; place: string }[] } {
  const literals = new Set<string>();
  const thrown: { code: string; place: string }[] = [];
  // contract does no I/O and shares its class with all who read documents; its codes may be thrown anywhere
  const folder = area === 'contract' ? '' : `${workspaces.get(area) ?? area}/src/`;
  for (const file of scan.workspaceSources.filter(({ path }) => path.startsWith(folder))) {
    file.visit({
      Literal: ({ value }) => {
        if (typeof value === 'string') literals.add(value);
      },
      NewExpression: ({ callee, arguments: [code], start }) => {
        if (callee.type !== 'Identifier' || !classNameOf(area).test(callee.name)) return;
        if (code?.type === 'Literal')
          thrown.push({ code: String(code.value), place: `${file.path}:${file.lineAt(start)}` });
      },
    });
  }
  return { literals, thrown };
}

it('looks at every TypeScript file there is', () => {
  expect(scan.missed).toEqual([]);
});

it('has one area for each workspace that can fail', () => {
  // what does not know contract has no class of errors: it draws, and any input gives a drawing
  const withErrors = workspacePackages().filter(
    ({ folder, dependencies }) => folder === 'contract' || '@edgewright/contract' in dependencies,
  );
  const names = withErrors.map(({ name }) => name.replace('@edgewright/', ''));
  expect(areas.map(([area]) => area).toSorted()).toEqual(names.toSorted());
});

it('gives a code to one area only', () => {
  const codes = areas.flatMap(([, rows]) => rows);
  expect(codes.filter((code, at) => codes.indexOf(code) !== at)).toEqual([]);
});

describe.each(areas)('the codes of %s', (area, codes) => {
  it('are all thrown in its sources, and no others', () => {
    const { literals, thrown } = codesOf(area);
    expect(codes.filter((code) => !literals.has(code))).toEqual([]);
    expect(thrown.filter(({ code }) => !codes.includes(code))).toEqual([]);
  });
});
