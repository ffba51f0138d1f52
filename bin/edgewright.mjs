#!/usr/bin/env node
// The `edgewright` command: the bundled program when this is an installed package, the sources in a clone.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runNode } from './run-node.mjs';

const sources = fileURLToPath(new URL('../tools/cli/src/main.ts', import.meta.url));
const bundle = fileURLToPath(new URL('../dist/cli.mjs', import.meta.url));
try {
  runNode([existsSync(sources) ? sources : bundle, ...process.argv.slice(2)]);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
