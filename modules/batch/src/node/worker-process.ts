import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { BatchError } from '../batch-error.ts';
import type { FromWorker, TaskDone, ToWorker, WorkerConfig, WorkerFailure, WorkerTask } from '../worker/protocol.ts';

/** How worker processes are started: the scorer's program again. */
export interface WorkerProgram {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface WorkerProcessOptions {
  readonly start: WorkerProgram;
  readonly config: WorkerConfig;
  /** Loading, `init()` and warm-up, in milliseconds. */
  readonly openMs: number;
  readonly onLine: (stream: 'stdout' | 'stderr', text: string) => void;
  readonly onLog: (level: string, text: string) => void;
}

/** What became of a task. A worker that is lost or too slow is gone. */
export type TaskOutcome =
  | { readonly kind: 'done'; readonly done: TaskDone }
  | { readonly kind: 'failed' | 'lost' | 'late'; readonly failure: WorkerFailure };

const LONGEST_LINE = 8192;

/** A worker in a process of its own, which does one task at a time and can be killed whatever its script does. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #options: WorkerProcessOptions;
  readonly #ended: Promise<string>;
  #hasEnded = false;
  #answer: ((message: FromWorker) => void) | undefined;

  private constructor(options: WorkerProcessOptions) {
    const { start, onLine } = options;
    this.#options = options;
    this.#child = fork(start.program, [...start.arguments], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...start.environment },
    });
    let fault: string | undefined;
    this.#child.on('error', (error) => (fault = `it could not be started or reached: ${error.message}`));
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#hasEnded = true;
        resolve(fault ?? (signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`));
      });
    });
    this.#child.on('message', (message) => this.#take(message as FromWorker));
    readLines(this.#child.stdout, (text) => onLine('stdout', text));
    readLines(this.#child.stderr, (text) => onLine('stderr', text));
  }

  /**
   * Starts a worker and waits until it has loaded its models and called `init()`.
   *
   * @throws BatchError `WorkersNotStarted`
   */
  static async start(
    options: WorkerProcessOptions,
  ): Promise<{ readonly worker: WorkerProcess; readonly description: string }> {
    const worker = new WorkerProcess(options);
    const answer = await worker.#ask({ kind: 'open', config: options.config }, options.openMs);
    if (answer !== 'late' && typeof answer !== 'string' && answer.kind === 'ready') {
      return { worker, description: answer.description };
    }
    await worker.kill();
    const refusal = typeof answer !== 'string' && answer.kind === 'notOpened' ? answer.failure : undefined;
    const how = answer === 'late' ? `it was not ready within ${options.openMs / 1000} s` : typeof answer === 'string' ? answer : answer.kind; // prettier-ignore
    throw new BatchError('WorkersNotStarted', refusal?.message ?? `a worker does not start: ${how}`, {
      details: { isRefusal: refusal !== undefined, ...(refusal?.code === undefined ? {} : { reason: refusal.code }) },
    });
  }

  get processId(): number | undefined {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** @param timeoutMs after which the worker is killed */
  async run(task: WorkerTask, timeoutMs: number): Promise<TaskOutcome> {
    const answer = await this.#ask({ kind: 'task', task }, timeoutMs);
    if (answer === 'late') {
      await this.kill();
      return {
        kind: 'late',
        failure: { message: `run() took longer than ${timeoutMs / 1000} s (runInvocationTimeout)` },
      };
    }
    if (typeof answer === 'string')
      return { kind: 'lost', failure: { message: `its worker process is gone: ${answer}` } };
    if (answer.kind === 'done') return { kind: 'done', done: answer.done };
    return {
      kind: 'failed',
      failure: answer.kind === 'failed' ? answer.failure : { message: `a worker answered ${answer.kind}` },
    };
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Lets it close its models; it is killed when that takes too long. */
  async close(patienceMs: number): Promise<void> {
    this.#send({ kind: 'close' });
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs);
    await this.#ended;
    clearTimeout(timer);
  }

  /** The answer to a message, how the process ended instead, or `late`. */
  async #ask(message: ToWorker, timeoutMs: number): Promise<FromWorker | string> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await Promise.race([
        new Promise<FromWorker>((resolve) => {
          this.#answer = resolve;
          this.#send(message);
        }),
        this.#ended,
        new Promise<'late'>((resolve) => {
          timer = setTimeout(() => resolve('late'), Math.min(timeoutMs, 2 ** 31 - 1));
        }),
      ]);
    } finally {
      clearTimeout(timer);
      this.#answer = undefined;
    }
  }

  #send(message: ToWorker): void {
    // that it is gone is heard from 'close'
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #take(message: FromWorker): void {
    if (message.kind === 'log') this.#options.onLog(message.level, message.text);
    else this.#answer?.(message);
  }
}

function readLines(stream: Readable | null, take: (line: string) => void): void {
  if (stream === null) return;
  const lines = createInterface({ input: stream, crlfDelay: Infinity });
  lines.on('line', (line) => take(line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line));
  lines.on('error', () => {});
}
