import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { quietDebug } from './quiet-debug.ts';

const PROGRAM = `
import debug from 'debug';
import createDebug from 'debug';
const log = debug('azure-iot:test');
const more = createDebug('azure-iot:test').extend('more');
log('first %s', 'line');
more('second line');
console.log(typeof log, log.enabled, more.enabled);
`;

async function runBundled(environment: Readonly<Record<string, string>>): Promise<{ stdout: string; stderr: string }> {
  const { outputFiles } = await build({
    stdin: { contents: PROGRAM, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
    plugins: [quietDebug],
  });
  const text = outputFiles[0]?.text;
  const { stdout, stderr } = spawnSync(process.execPath, ['-'], { input: text, env: environment, encoding: 'utf8' });
  return { stdout: stdout.trim(), stderr };
}

it('says nothing, and costs nothing, unless DEBUG is set', async () => {
  expect(await runBundled({})).toEqual({ stdout: 'function false false', stderr: '' });
});

it('is the package itself when DEBUG is set', async () => {
  const { stdout, stderr } = await runBundled({ DEBUG: 'azure-iot:*' });
  expect(stdout).toBe('function true true');
  expect(stderr).toMatch(/azure-iot:test first line[\s\S]*azure-iot:test:more second line/);
});
