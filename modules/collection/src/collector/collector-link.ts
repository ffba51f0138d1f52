import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { CollectionError } from '../collection-error.ts';
import type { KeeperFigures, KeeperPlan } from '../keeping/keeper-plan.ts';
import type { CollectedRequest } from '../rows/collected-request.ts';
import { collectorProgram } from '../worker/collector-program.ts';
import type { HostMessage, WorkerMessage } from '../worker/protocol.ts';

export interface CollectorLinkOptions {
  readonly figures: (figures: KeeperFigures) => void;
  readonly log: (message: Extract<WorkerMessage, { type: 'log' }>) => void;
  /** A message was taken, and so many requests with it. */
  readonly taken: (requests: number) => void;
  /** The thread ended by itself, with so many requests. Another one is started with what comes next. */
  readonly lost: (reason: string) => void;
}

/** A plan has to be in force, or refused, in this time. */
const PLAN_MS = 15_000;
const MEMORY_MB = 512;

type Planned = Extract<WorkerMessage, { type: 'planned' }>;

/** The thread that keeps what was collected, as it is seen from the scorer. */
export class CollectorLink implements AsyncDisposable {
  readonly #options: CollectorLinkOptions;
  readonly #planned = new Map<number, (planned: Planned) => void>();
  #worker: Worker | undefined;
  #plan: KeeperPlan | undefined;
  #plans = 0;
  #ended: (() => void) | undefined;
  #isClosing = false;

  constructor(options: CollectorLinkOptions) {
    this.#options = options;
  }

  /**
   * Makes a plan effective.
   *
   * @throws CollectionError `CollectionBufferUnusable`, and the former plan stays
   */
  async follow(plan: KeeperPlan): Promise<void> {
    this.#plans += 1;
    const number = this.#plans;
    const answer = new Promise<Planned>((resolve) => this.#planned.set(number, resolve));
    this.#send({ type: 'plan', plan, number });
    const planned = await Promise.race([answer, sleep(PLAN_MS, undefined, { ref: false })]);
    this.#planned.delete(number);
    const failure = planned === undefined ? `the collector did not begin within ${PLAN_MS} ms` : planned.error?.message;
    if (failure === undefined) this.#plan = plan;
    else throw new CollectionError('CollectionBufferUnusable', failure);
  }

  /** Hands requests over; they are copied. @throws DataCloneError for what cannot be */
  post(requests: readonly CollectedRequest[]): void {
    this.#send({ type: 'requests', requests });
  }

  /** Lets the thread take along what it can within the deadline, and ends it. */
  async close(deadlineMs: number): Promise<void> {
    this.#isClosing = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
    this.#send({ type: 'end', deadlineMs });
    await Promise.race([ended, sleep(deadlineMs + 500, undefined, { ref: false })]);
    await worker.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close(0);
  }

  #send(message: HostMessage): void {
    if (this.#worker === undefined) {
      this.#worker = this.#start();
      // a thread that ended by itself left a plan
      if (message.type !== 'plan' && this.#plan !== undefined) {
        this.#worker.postMessage({ type: 'plan', plan: this.#plan, number: 0 } satisfies HostMessage, []);
      }
    }
    this.#worker.postMessage(message, []);
  }

  #start(): Worker {
    const worker = new Worker(collectorProgram(), { resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB } });
    worker.unref();
    let reason = 'it ended';
    worker.on('error', (error: Error) => (reason = error.message));
    worker.on('exit', () => {
      if (this.#worker !== worker || this.#isClosing) return;
      this.#worker = undefined;
      this.#options.lost(reason);
    });
    worker.on('message', (message: WorkerMessage) => this.#take(message));
    return worker;
  }

  #take(message: WorkerMessage): void {
    if (message.type === 'taken') this.#options.taken(message.requests);
    else if (message.type === 'figures') this.#options.figures(message.figures);
    else if (message.type === 'log') this.#options.log(message);
    else if (message.type === 'planned') this.#planned.get(message.number)?.(message);
    else this.#ended?.();
  }
}
