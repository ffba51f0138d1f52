import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** One request, sent over and over. */
export interface Load {
  readonly url: string;
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyFile: string;
  /** Callers that each wait for their answer before they ask again. */
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  /** Requests a second that were answered with 200. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
}

/** The core of the server, and the one of whoever sends. */
export const SERVER_CORE = '0';
const CLIENT_CORE = '1';

const program = fileURLToPath(new URL('./load-main.ts', import.meta.url));
const run = promisify(execFile);

/** Sends the load from a process with a core of its own; throws when a request failed. */
export async function sendLoad(load: Load): Promise<LoadResult> {
  const flags = ['--conditions=edgewright-source', '--disable-warning=ExperimentalWarning'];
  const { stdout } = await run('taskset', ['-c', CLIENT_CORE, process.execPath, ...flags, program, JSON.stringify(load)], { timeout: (load.seconds + 60) * 1000 }); // prettier-ignore
  const result = JSON.parse(stdout) as LoadResult;
  if (result.failed > 0) throw new TypeError(`${result.failed} requests to ${load.url} failed`);
  return result;
}
