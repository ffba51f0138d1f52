import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder = '';

const files: Readonly<Record<string, string>> = {
  'passes.test.ts': `it('a', () => {}); it('b', () => {});`,
  'skips.test.ts': `it('a', (context) => context.skip('needs rain')); it('b', (context) => context.skip('needs rain'));
    describe.skip('c', () => { it('d', () => {}); });`,
  'wrong.test.ts': `it('a', () => { expect(1).toBe(2); });`,
  'cannot-load.test.ts': `import './nowhere.ts'; it('a', () => {});`,
  'hook-fails.test.ts': `describe('s', () => { beforeAll(() => { throw new TypeError('no'); }); it('a', () => {}); });`,
  'teardown-fails.test.ts': `describe('s', () => { afterAll(() => { throw new TypeError('no'); }); it('a', () => {}); });`,
  'needs.test.ts': `import { need } from ${JSON.stringify(path.join(root, 'test/support/need.ts'))};
    it('a', async (context) => { await need(context, 'docker'); });`,
  'unhandled.test.ts': `it('a', () => { setTimeout(() => { throw new TypeError('late'); }, 0); });`,
};

/** Runs vitest with the reporter over some of the files above, and gives its last lines and its exit code. */
function runOver(names: string[], environment: NodeJS.ProcessEnv = {}): Promise<{ lines: string[]; exitCode: number }> {
  const program = path.join(root, 'node_modules/vitest/vitest.mjs');
  const reporter = path.join(root, 'test/support/summary-reporter.ts');
  const options = ['run', '--globals', '--root', folder, '--reporter', reporter, '--config', 'vitest.config.ts'];
  return new Promise((resolve) => {
    const env = { ...process.env, ...environment };
    const child = execFile(process.execPath, [program, ...options, ...names], { cwd: folder, env }, (_, stdout) => {
      resolve({ lines: stdout.trimEnd().split('\n'), exitCode: child.exitCode ?? -1 });
    });
  });
}

beforeAll(async () => {
  // inside the repository, so that vitest is found; ignored by git
  await mkdir(path.join(root, '.cache'), { recursive: true });
  folder = await mkdtemp(path.join(root, '.cache', 'reporter-'));
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  await writeFile(path.join(folder, 'vitest.config.ts'), 'export default {};\n');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it('ends with the counts, after the reason of what was skipped', async () => {
  const { lines, exitCode } = await runOver(['passes', 'skips']);
  expect(lines.slice(-3).toSorted()).toEqual([
    '2 passed, 0 failed, 3 skipped',
    'skipped 1: no reason given (skips.test.ts)',
    'skipped 2: needs rain',
  ]);
  expect(lines.at(-1)).toBe('2 passed, 0 failed, 3 skipped');
  expect(exitCode).toBe(0);
});

it.each([
  ['a test that fails', 'wrong', '0 passed, 1 failed, 0 skipped'],
  ['a file that cannot be loaded', 'cannot-load', '0 passed, 1 failed, 0 skipped'],
  ['a hook that fails', 'hook-fails', '0 passed, 1 failed, 1 skipped'],
  ['a teardown that fails', 'teardown-fails', '1 passed, 1 failed, 0 skipped'],
  ['an error that nobody caught', 'unhandled', '1 passed, 1 failed, 0 skipped'],
])('counts %s as a failure', async (_, name, lastLine) => {
  const { lines, exitCode } = await runOver([name]);
  expect(lines.at(-1)).toBe(lastLine);
  expect(exitCode).toBe(1);
});

it('skips a test whose service is missing and says so, but fails it where everything must be there', async () => {
  const missing = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };
  const partial = await runOver(['needs'], { ...missing, EDGEWRIGHT_FULL: '' });
  expect(partial.lines.at(-1)).toBe('0 passed, 0 failed, 1 skipped');
  expect(partial.lines.at(-2)).toContain('needs docker: no Docker Engine answers at /nowhere/docker.sock');
  const full = await runOver(['needs'], { ...missing, EDGEWRIGHT_FULL: '1' });
  expect(full.lines.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
});
