import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import { explainFailure } from '../explain-failure.ts';
import type { StageFailure } from '../stage-failure.ts';
import type { Replica } from './replica.ts';
import type { DesiredService } from './service-folder.ts';
import type { ServiceLog } from './service-log.ts';

/** What is kept of the log to explain an end. */
const KEPT_LINES = 200;
/** The scorer itself gives up closing after 9.5 s and what it drains. */
const STOP_MS = 15_000;

/**
 * A scorer that runs as a process. All of them get their listening socket from this process, so one takes over from another without a
 * moment in which nobody listens, and without a request lost.
 */
export class ProcessReplica implements Replica {
  readonly revision: number;
  /** It listens once it is warm. */
  readonly ready: Promise<void>;
  readonly ended: Promise<StageFailure>;
  readonly #worker: Worker;
  readonly #log: string[] = [];

  constructor({ revision, program = '', port, environment }: DesiredService, log: ServiceLog) {
    this.revision = revision;
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    cluster.setupPrimary({
      exec: program,
      args: [],
      execArgv: ['--disable-warning=ExperimentalWarning'],
      silent: true,
    });
    this.#worker = cluster.fork({ ...environment, PORT: String(port), EDGEWRIGHT_HTTP_HOST: '127.0.0.1' });
    const { stdout, stderr } = this.#worker.process;
    for (const stream of [stdout, stderr]) if (stream !== null) log.take(stream, (line) => this.#keep(line));
    this.ready = new Promise((resolve) => {
      this.#worker.on('listening', ({ port: listening }) => {
        if (listening === port) resolve();
      });
    });
    this.ended = new Promise((resolve) => {
      // `close` comes after the last line of its output, `exit` may come before
      this.#worker.process.once('close', (code: number | null, signal: string | null) =>
        resolve(explainFailure({ exitCode: code ?? undefined, signal: signal ?? undefined, log: this.#log })),
      );
      this.#worker.on('error', () => {});
    });
  }

  get processId(): number | undefined {
    return this.#worker.process.pid;
  }

  /** Its socket is the one that all of them accept from. */
  async serve(): Promise<void> {}

  /** Lets it finish what it took, then ends it. */
  async stop(): Promise<void> {
    this.#worker.process.kill('SIGTERM');
    const timer = setTimeout(() => this.#worker.process.kill('SIGKILL'), STOP_MS);
    await this.ended;
    clearTimeout(timer);
  }

  #keep(line: string): void {
    this.#log.push(line);
    if (this.#log.length > KEPT_LINES) this.#log.shift();
  }
}
