import { expect, it } from 'vitest';
import { rewriteSpecifiers } from './rewrite-specifiers.ts';

const options = {
  file: 'cloud/workspace/src/a.d.ts',
  workspaces: new Map([
    ['@edgewright/contract', 'contract/src/index.ts'],
    ['@edgewright/workspace', 'cloud/workspace/src/index.ts'],
  ]),
};

it('makes workspaces relative and leaves packages alone', () => {
  const text = `import type { A } from '@edgewright/contract';\nimport { B } from './b.ts';\nimport Type from 'typebox';\n`;
  expect(rewriteSpecifiers(text, options).text).toBe(
    `import type { A } from "../../../contract/src/index.js";\nimport { B } from "./b.js";\nimport Type from 'typebox';\n`,
  );
});

it('finds imports inside types and in re-exports', () => {
  const text = `export * from '@edgewright/workspace';\nexport declare const a: import('@edgewright/contract').A;\n`;
  expect(rewriteSpecifiers(text, options).text).toBe(
    `export * from "./index.js";\nexport declare const a: import("../../../contract/src/index.js").A;\n`,
  );
});

it('names the declaration files that are referred to', () => {
  const text = `import type { A } from '@edgewright/contract';\nimport { B } from './b.ts';\nimport Type from 'typebox';\n`;
  expect(rewriteSpecifiers(text, options).refersTo).toEqual(['contract/src/index.d.ts', 'cloud/workspace/src/b.d.ts']);
});
