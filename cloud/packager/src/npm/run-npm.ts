import { spawn } from 'node:child_process';

/** npm waits five minutes for a slow registry by itself; more is a hang. */
const TIMEOUT_MS = 600_000;
const SHOWN_CHARACTERS = 1000;

/** How npm ended, and the last of what it said about it. */
export interface NpmOutcome {
  readonly code: number | null;
  readonly said: string;
}

/**
 * Runs the npm of this machine, with the user's own registry and proxy.
 *
 * @throws what starting a process throws; the reason of `signal`
 */
export async function runNpm(
  words: readonly string[],
  { folder, signal }: { readonly folder: string; readonly signal?: AbortSignal | undefined },
): Promise<NpmOutcome> {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  const child = spawn('npm', words, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said = `${said}${chunk}`.slice(-SHOWN_CHARACTERS);
  });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on('error', reject);
  child.on('close', resolve);
  return { code: await promise, said };
}
