import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consoleCommands, outputFits } from '../support/console-blocks.ts';
import { TestRegistry } from '../support/test-registry.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
/** Pages whose commands are run from top to bottom, each page in a folder of its own. */
const pages = [
  'docs/01-getting-started.md',
  'docs/models.md',
  'docs/images.md',
  'docs/batch.md',
  'docs/monitoring.md',
  'docs/manifests.md',
  'docs/fleets.md',
  'docs/rollouts.md',
  'docs/backends.md',
  'docs/services.md',
  'docs/simulator/getting-started.md',
  'docs/simulator/devices.md',
  'docs/simulator/faults-and-recordings.md',
  'docs/simulator/iotedgehubdev.md',
];
const LINKED = ['bin', 'examples', 'deployment-manifests', 'contract', 'node_modules'];

describe.each(pages)('the commands of %s', (page) => {
  let folder: string;
  let registry: TestRegistry;

  beforeAll(async () => {
    registry = await TestRegistry.start();
    folder = await mkdtemp(path.join(tmpdir(), 'edgewright-docs-'));
    for (const name of LINKED) await symlink(path.join(repository, name), path.join(folder, name));
  });

  afterAll(async () => {
    await run('npx edgewright sim stop', folder);
    // a page that failed must not leave its service behind
    if (page === 'docs/services.md') await run('npx edgewright service delete -n diabetes-service', folder);
    await registry[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it('work in their order and print what the page says', async () => {
    const text = await readFile(path.join(repository, page), 'utf8');
    // what pages push goes to a registry of the test, wherever that listens
    const commands = consoleCommands(text.replaceAll('localhost:5000', registry.host));
    expect(commands.length).toBeGreaterThan(4);
    for (const { line, command, expected } of commands) {
      const result = await run(command, folder);
      const where = `${page}:${line} $ ${command}\n${result.stdout}${result.stderr}`;
      expect({ where, exitCode: result.exitCode }).toEqual({ where, exitCode: 0 });
      expect({ where, expected, fits: outputFits(result.stdout, expected) }).toEqual({ where, expected, fits: true });
    }
  }, 420_000);
});

interface Result {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line as a shell would; `npx edgewright` is this repository's own command. */
function run(command: string, folder: string): Promise<Result> {
  const line = command.replace(/^npx edgewright/, `node ${path.join(repository, 'bin/edgewright.mjs')}`);
  return new Promise((resolve) => {
    execFile('sh', ['-c', line], { cwd: folder, timeout: 180_000 }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr });
    });
  });
}
