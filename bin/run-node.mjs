#!/usr/bin/env node
// Runs a program of this repository with a Node.js that executes TypeScript: `node bin/run-node.mjs FILE [ARG ...]`.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { findNode } from './find-node.mjs';

// in a clone `edgewright` and the workspaces are their sources; an installed package has none
const isClone = existsSync(new URL('../cloud/workspace/src/index.ts', import.meta.url));
const conditions = isClone ? ['--conditions=edgewright-source'] : [];

/** Runs FILE with the right Node.js; signals are passed on, and the exit code is the program's own. */
export function runNode(args) {
  const child = spawn(findNode(), [...conditions, '--disable-warning=ExperimentalWarning', ...args], {
    stdio: 'inherit',
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
