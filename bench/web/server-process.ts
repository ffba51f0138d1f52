import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SERVER_CORE } from './load.ts';

/** How a server is started. */
export interface ServerCommand {
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  /** Answers 200 once it can score. */
  readonly readyUrl: string;
}

const START_MS = 120_000;
const PAUSE_MS = 10;

/** A server on one core, ready. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  /** Milliseconds from its start until it could score. */
  readonly startMs: number;

  private constructor(child: ChildProcess, startMs: number) {
    this.#child = child;
    this.startMs = startMs;
  }

  /** @throws TypeError when it ends, or is not ready in time, with what it wrote last */
  static async start({ command, environment, directory, readyUrl }: ServerCommand): Promise<ServerProcess> {
    const started = performance.now();
    const child = spawn('taskset', ['-c', SERVER_CORE, ...command], {
      env: { ...process.env, ...environment },
      ...(directory === undefined ? {} : { cwd: directory }),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let said = '';
    const hear = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-4000);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    while (!(await isReady(readyUrl))) {
      const late = performance.now() - started > START_MS;
      if (!late && child.exitCode === null) {
        await sleep(PAUSE_MS);
        continue;
      }
      end(child);
      throw new TypeError(`${command.join(' ')} is not ready: ${said}`);
    }
    return new ServerProcess(child, performance.now() - started);
  }

  /** MiB of memory that it and its children hold. */
  async memoryMb(): Promise<number> {
    let total = 0;
    for (const open = [this.#child.pid ?? 0]; open.length > 0;) {
      const pid = open.pop();
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      total += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
      const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
      open.push(...children.trim().split(' ').filter((each) => each !== '').map(Number)); // prettier-ignore
    }
    return total;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#child.exitCode === null ? once(this.#child, 'exit') : undefined;
    end(this.#child);
    await ended;
  }
}

/** With its children: some servers consist of several processes. */
function end(child: ChildProcess): void {
  try {
    process.kill(-(child.pid ?? 0), 'SIGKILL');
  } catch {
    // it has ended
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}
