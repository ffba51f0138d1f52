#!/usr/bin/env node
// Runs a program of this repository with a Node.js that executes TypeScript: `node bin/run-node.mjs FILE [ARG ...]`.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { findNode } from './find-node.mjs';

// in a clone `edgewright` and the workspaces are their sources; an installed package has none
const isClone = existsSync(new URL('../cloud/workspace/src/index.ts', import.meta.url));
const conditions = isClone ? ['--conditions=edgewright-source'] : [];
// sources compiled once are read compiled the next time: a command then takes half the processor time
const compiled = fileURLToPath(new URL('../node_modules/.cache/edgewright/compiled', import.meta.url));
const environment = isClone ? { NODE_COMPILE_CACHE: compiled, ...process.env } : process.env;

/** Runs FILE with the right Node.js; signals are passed on, and the exit code is the program's own. */
export function runNode(args) {
  const child = spawn(findNode(), [...conditions, '--disable-warning=ExperimentalWarning', ...args], {
    stdio: 'inherit',
    env: environment,
  });
  // A terminal sends Ctrl-C to the whole group; a supervisor signals this process alone. Both must end the program once.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

if (import.meta.main ?? process.argv[1]?.endsWith('run-node.mjs')) {
  try {
    runNode(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
