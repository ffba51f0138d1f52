import type { ArrowFunctionExpression, Function as FunctionNode } from 'oxc-parser';
import { expect, it } from 'vitest';
import { scanRepository } from './scan.ts';

const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 60;
const MAX_PARAMETERS = 3;

const scan = scanRepository();

it('looks at every TypeScript file there is', () => {
  expect(scan.missed).toEqual([]);
  expect(scan.sources.length).toBeGreaterThan(50);
});

it(`files have at most ${MAX_FILE_LINES} lines`, () => {
  const long = scan.sources
    .filter((file) => file.lineCount > MAX_FILE_LINES)
    .map((file) => `${file.path} has ${file.lineCount} lines`);
  expect(long).toEqual([]);
});

it(`functions have at most ${MAX_FUNCTION_LINES} lines and ${MAX_PARAMETERS} parameters`, () => {
  const breaches: string[] = [];
  let seen = 0;
  for (const file of scan.sources) {
    const check = (node: FunctionNode | ArrowFunctionExpression): void => {
      seen += 1;
      const first = file.lineAt(node.start);
      const lines = file.lineAt(node.end - 1) - first + 1;
      const parameters = node.params.length;
      if (lines > MAX_FUNCTION_LINES) breaches.push(`${file.path}:${first} is a function of ${lines} lines`);
      // a callback's parameters are chosen by whoever calls it
      if (parameters > MAX_PARAMETERS && node.type !== 'ArrowFunctionExpression') {
        breaches.push(`${file.path}:${first} is a function of ${parameters} parameters`);
      }
    };
    file.visit({ FunctionDeclaration: check, FunctionExpression: check, ArrowFunctionExpression: check });
  }
  expect(seen).toBeGreaterThan(scan.sources.length);
  expect(breaches).toEqual([]);
});
