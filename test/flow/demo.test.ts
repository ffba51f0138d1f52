import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

const runNode = fileURLToPath(new URL('../../bin/run-node.mjs', import.meta.url));
const demo = fileURLToPath(new URL('../../examples/diabetes/demo.ts', import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewright-demo-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function start(argumentsGiven: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [runNode, demo, ...argumentsGiven], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  return { child, output };
}

async function runToEnd(
  argumentsGiven: readonly string[],
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const { child, output } = start(argumentsGiven);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, ...output };
}

interface Report {
  readonly scored: number;
  readonly lost: number;
  readonly sent: number;
  readonly restarts: number;
  readonly maxAbsError: number;
  readonly platforms: string[];
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}

function lastLine(text: string): Report {
  return JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as Report;
}

/** Processes whose command line or environment names the folder. */
async function processesOf(where: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    const isOther = Number(pid) !== process.pid;
    if (isOther && (command.includes(where) || environment.includes(`${where}/`)))
      found.push(`${pid} ${command.replaceAll('\0', ' ')}`);
  }
  return found;
}

describe('npm run demo', () => {
  it('scores 89 of 89 patients as the closed form does, on an image for three platforms', async () => {
    const { exitCode, stdout, stderr } = await runToEnd(['--json']);
    expect(exitCode, stderr).toBe(0);
    const report = lastLine(stdout);
    expect(report).toMatchObject({ sent: 89, scored: 89, lost: 0, platforms: ['amd64', 'arm64v8', 'arm32v7'] });
    expect(report.maxAbsError).toBeLessThanOrEqual(1e-3);
    expect(report.latencyMs.p50).toBeGreaterThan(0);
    expect(report.latencyMs.p99).toBeGreaterThanOrEqual(report.latencyMs.p50);
    expect(await processesOf(folder)).toEqual([]);
  });

  it('loses nothing when the scorer is killed halfway', async () => {
    const { exitCode, stdout, stderr } = await runToEnd(['--json', '--kill']);
    expect(exitCode, stderr).toBe(0);
    const report = lastLine(stdout);
    expect(report).toMatchObject({ sent: 89, scored: 89, lost: 0 });
    expect(report.restarts).toBeGreaterThanOrEqual(1);
  });

  it('leaves no process and no file outside its folder when it is interrupted', async () => {
    // of its own: in the system's folder other tests come and go; short, because sockets stand in it
    const temporary = await mkdtemp(path.join(tmpdir(), 'ew-'));
    onTestFinished(() => rm(temporary, { recursive: true, force: true }));
    const { child, output } = start([], { TMPDIR: temporary });
    while (!output.stdout.includes('deploy')) {
      expect(child.exitCode, output.stderr).toBeNull();
      await delay(50);
    }
    await delay(500);
    child.kill('SIGINT');
    const [exitCode] = (await once(child, 'close')) as [number | null];
    expect(exitCode).toBe(130);
    expect(await processesOf(folder)).toEqual([]);
    const left = (await readdir(temporary)).filter((name) => /edgewright|^ew-/.test(name));
    expect(left).toEqual([]);
    expect(await readdir(folder)).toEqual(['.edgewright']);
  });

  it('says what is wrong with an unknown flag', async () => {
    const { exitCode, stderr } = await runToEnd(['--jsn']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--jsn');
  });
});
