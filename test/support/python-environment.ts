import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const INSTALL_TIMEOUT_MS = 300_000;

/**
 * A Python with the packages of a requirements file of this folder, installed with pip on first use and kept in the folder
 * `EDGEWRIGHT_TEST_CACHE`, or in one below the system's folder for temporary files.
 *
 * @returns the interpreter, or as a text why there is none
 */
export async function pythonEnvironment(file: string): Promise<{ readonly executable: string } | string> {
  const requirements = fileURLToPath(new URL(file, import.meta.url));
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12);
  const cache = process.env['EDGEWRIGHT_TEST_CACHE'] ?? path.join(os.tmpdir(), `edgewright-tests-${os.userInfo().uid}`);
  const environment = path.join(cache, `python-${digest}`);
  const executable = path.join(environment, 'bin/python');
  if (await isThere(executable)) return { executable };
  await mkdir(cache, { recursive: true });
  try {
    // tests that run side by side install it once
    if (await isOurTurn(`${environment}.lock`, executable)) await install(requirements, environment);
    return { executable };
  } catch (error) {
    const lines = String(error instanceof Error ? error.message : error).split('\n');
    return `no Python with the packages of test/support/${file}: ${lines.slice(0, 3).join(' ')}`;
  } finally {
    await rm(`${environment}.lock`, { recursive: true, force: true });
  }
}

/** Waits for whoever installs already; false when that is done, true when it is ours to do. */
async function isOurTurn(lock: string, executable: string): Promise<boolean> {
  for (;;) {
    const isOurs = await mkdir(lock).then(
      () => true,
      () => false,
    );
    if (await isThere(executable)) return false;
    if (isOurs) return true;
    const { mtimeMs } = await stat(lock).catch(() => ({ mtimeMs: Date.now() }));
    // whoever held it was killed
    if (Date.now() - mtimeMs > INSTALL_TIMEOUT_MS) await rm(lock, { recursive: true, force: true });
    await sleep(200);
  }
}

async function install(requirements: string, environment: string): Promise<void> {
  const unfinished = await mkdtemp(path.join(path.dirname(environment), 'unfinished-'));
  try {
    await run('python3', ['-m', 'venv', unfinished], { timeout: INSTALL_TIMEOUT_MS });
    const pip = ['-m', 'pip', 'install', '--quiet', '--only-binary=:all:', '--disable-pip-version-check'];
    await run(path.join(unfinished, 'bin/python'), [...pip, '--requirement', requirements], {
      timeout: INSTALL_TIMEOUT_MS,
    });
    // nothing in an environment but its scripts minds where it stands
    await rename(unfinished, environment);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
