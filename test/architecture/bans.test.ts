import path from 'node:path';
import type { VisitorObject } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { scanRepository } from './scan.ts';
import type { SourceFile } from './source-file.ts';

const scan = scanRepository();

/** Places, as `file:line what`, where a visitor finds something. */
function findings(
  files: readonly SourceFile[],
  visitor: (report: (offset: number, what: string) => void) => VisitorObject,
): string[] {
  return files.flatMap((file) => {
    const found: string[] = [];
    file.visit(visitor((offset, what) => found.push(`${file.path}:${file.lineAt(offset)} ${what}`)));
    return found;
  });
}

it('looks at every TypeScript file there is', () => {
  expect(scan.missed).toEqual([]);
  expect(scan.workspaceSources.length).toBeGreaterThan(40);
});

describe('sources', () => {
  it('throw errors with a code, never a bare Error', () => {
    const bare = findings(scan.workspaceSources, (report) => {
      const check = (callee: { type: string; name?: string; start: number }): void => {
        if (callee.type === 'Identifier' && callee.name === 'Error') report(callee.start, 'makes a bare Error');
      };
      return {
        NewExpression: ({ callee }) => check(callee as { type: string; start: number }),
        CallExpression: ({ callee }) => check(callee as { type: string; start: number }),
      };
    });
    expect(bare).toEqual([]);
  });

  it('touch process only where a program begins', () => {
    // the SDK has no main of its own: in a user's program it must find out itself where it runs
    const roots = new Set(['cloud/workspace/src/this-process.ts']);
    const inner = scan.workspaceSources.filter(
      (file) => !/(^|-)main\.ts$/.test(path.basename(file.path)) && !roots.has(file.path),
    );
    const touches = findings(inner, (report) => ({
      MemberExpression: ({ object, start }) => {
        if (object.type === 'Identifier' && object.name === 'process') report(start, 'reads process');
      },
      ImportDeclaration: ({ source, start }) => {
        if (source.value === 'node:process' || source.value === 'process') report(start, 'imports node:process');
      },
    }));
    expect(touches).toEqual([]);
  });

  it('know no any', () => {
    const anys = findings(scan.sources, (report) => ({ TSAnyKeyword: ({ start }) => report(start, 'says any') }));
    expect(anys).toEqual([]);
  });

  it('silence no tool and leave nothing for later', () => {
    const marks = /\b(TODO|FIXME|XXX|HACK)\b|@ts-(ignore|nocheck|expect-error)|(ox|es)lint-disable(?!-next-line \S)/;
    const left = scan.files.flatMap((file) =>
      file.comments
        .map((comment) => ({ mark: marks.exec(comment.value)?.[0], line: file.lineAt(comment.start) }))
        .filter(({ mark }) => mark !== undefined)
        .map(({ mark, line }) => `${file.path}:${line} ${mark}`),
    );
    expect(left).toEqual([]);
  });

  it('export by name only', () => {
    // vitest takes a reporter as the default export of its file
    const files = scan.files.filter((file) => file.path !== 'test/support/summary-reporter.ts');
    const defaults = findings(files, (report) => ({
      ExportDefaultDeclaration: ({ start }) => report(start, 'exports a default'),
    }));
    expect(defaults).toEqual([]);
  });

  it('pass nothing on but in index.ts', () => {
    const barrels = scan.sources
      .filter((file) => path.basename(file.path) !== 'index.ts')
      .flatMap((file) => file.imports.filter((site) => site.reExport).map((site) => `${file.path}:${site.line}`));
    expect(barrels).toEqual([]);
  });

  it('have names that say what they hold, in kebab case', () => {
    const vague = /^(types|utils?|common|helpers?|misc|shared|constants|interfaces)\.ts$/;
    const ill = scan.files
      .map((file) => file.path)
      .filter((file) => {
        const name = path.basename(file);
        return vague.test(name) || !/^[a-z0-9]+(-[a-z0-9]+)*(\.(flow|property|test|tst|d))*\.ts$/.test(name);
      });
    expect(ill).toEqual([]);
  });
});
