import { EngineError } from '../engine-error.ts';
import type { EngineLogger } from '../engine-logger.ts';
import type { Lane } from '../execution/lane.ts';
import type { Job, JobOutput, JobRequest } from '../scoring/job.ts';
import type { UnitConfig, UnitDescription } from '../scoring/unit-config.ts';
import { IncomingStream } from '../streaming/incoming-stream.ts';
import { fromPlainError } from './plain-error.ts';
import { transferable } from './protocol.ts';
import type { HostMessage, WorkerMessage } from './protocol.ts';
import type { CarrierListener, StartCarrier, WorkerCarrier } from './worker-carrier.ts';

export interface WorkerLaneOptions {
  /** For logs. */
  readonly number: number;
  readonly program: URL;
  readonly config: UnitConfig;
  readonly memoryMb: number;
  /** Milliseconds for loading, `init()` and warm-up. */
  readonly startMs: number;
  readonly log: EngineLogger;
  readonly start: StartCarrier;
  /** Called once, when the worker takes no more jobs; `how` says how it ended, for people. */
  readonly onEnd: (lane: WorkerLane, how: string) => void;
}

interface Running {
  readonly id: number;
  readonly request: JobRequest;
  readonly resolve: (output: JobOutput) => void;
  readonly reject: (error: Error) => void;
}

/** A lane in a worker: the host's side of the conversation with `worker-main.ts`. */
export class WorkerLane implements Lane {
  /** Milliseconds that the last job took inside the worker. */
  lastRunMs = 0;
  /** True once the unit is loaded, also after the worker ended. */
  ready = false;
  /** Resolves when nothing of an ended worker is left: a thread in native code outlives its end. */
  gone: Promise<void> = Promise.resolve();
  readonly #options: WorkerLaneOptions;
  readonly #carrier: WorkerCarrier;
  #opening: { resolve: (description: UnitDescription) => void; reject: (error: Error) => void } | undefined;
  #running: Running | undefined;
  /** What the job streams, once its head was given. */
  #stream: { readonly id: number; readonly incoming: IncomingStream } | undefined;
  #nextId = 0;
  #heardOfEnd: () => void = () => {};
  readonly #hasEnded = new Promise<void>((resolve) => {
    this.#heardOfEnd = resolve;
  });
  #endedHow: string | undefined;

  constructor(options: WorkerLaneOptions) {
    this.#options = options;
    const listener: CarrierListener = {
      message: (message) => this.#receive(message),
      line: (stream, text) => options.log.info({ event: 'engine.worker.print', worker: options.number, stream }, text),
      ended: (how) => this.#ended(how),
    };
    this.#carrier = options.start({ program: options.program, memoryMb: options.memoryMb, listener });
  }

  get ended(): boolean {
    return this.#endedHow !== undefined;
  }

  get busy(): boolean {
    return this.#running !== undefined || this.#stream !== undefined;
  }

  /**
   * Loads the unit.
   *
   * @throws EngineError of the unit; `WorkerLost` when the worker ended while it loaded or took too long
   */
  async open(): Promise<UnitDescription> {
    const { startMs, config, memoryMb } = this.#options;
    const timer = setTimeout(() => void this.kill(`it was not ready after ${startMs} ms (startMs)`), startMs);
    try {
      return await new Promise<UnitDescription>((resolve, reject) => {
        this.#opening = { resolve, reject };
        if (this.#endedHow !== undefined) reject(this.#lost());
        else this.#carrier.send({ type: 'open', config, memoryMb });
      });
    } catch (error) {
      await this.kill('it could not load');
      throw error;
    } finally {
      this.#opening = undefined;
      clearTimeout(timer);
    }
  }

  run(job: Job, request: JobRequest): Promise<JobOutput> {
    return new Promise((resolve, reject) => {
      if (this.#endedHow !== undefined) {
        reject(this.#lost());
        return;
      }
      this.#nextId += 1;
      const id = this.#nextId;
      this.#running = { id, request, resolve, reject };
      try {
        this.#carrier.send({ type: 'run', id, job, request }, job.kind === 'model' ? transferable(job.inputs) : []);
      } catch (cause) {
        this.#running = undefined;
        reject(new EngineError('InputInvalid', 'the request cannot be handed to a worker: it is no plain data', { cause }));
      } // prettier-ignore
    });
  }

  cancel(): void {
    if (this.#running !== undefined) this.#tell({ type: 'cancel', id: this.#running.id });
  }

  end(): void {
    void this.kill('a request ran beyond its deadline');
  }

  /**
   * Ends the worker, whatever it does. To its owner it is ended at once.
   *
   * @param why for the log and the error of the job that runs
   */
  async kill(why: string): Promise<void> {
    if (!this.ended) {
      this.gone = this.#carrier.kill();
      this.#ended(why);
    }
    await this.gone;
  }

  /** Lets the worker release its models, and ends it after `milliseconds` if it has not gone by then. */
  async close(milliseconds: number): Promise<void> {
    if (this.ended) return;
    const timer = setTimeout(() => void this.kill('the engine was closed'), milliseconds);
    this.#carrier.send({ type: 'close' });
    await this.#hasEnded;
    clearTimeout(timer);
  }

  /** Ends the worker when it holds more JavaScript memory than it may; `resourceLimits` do not count buffers. */
  async checkMemory(): Promise<void> {
    // what is there after loading is not counted, so nothing may be asked before
    if (!this.ready) return;
    const bytes = await this.#carrier.memory();
    const { memoryMb } = this.#options;
    if (bytes === undefined || bytes <= memoryMb * 1_048_576 || this.ended) return;
    const used = Math.round(bytes / 1_048_576);
    await this.kill(`it used ${used} MB of memory, more than its ${memoryMb} MB (workerMemoryMb)`);
  }

  #receive(message: WorkerMessage): void {
    switch (message.type) {
      case 'opened':
        this.ready = true;
        this.#opening?.resolve(message.description);
        break;
      case 'notOpened':
        this.#opening?.reject(fromPlainError(message.error));
        break;
      case 'log':
        this.#options.log[message.level](message.facts, message.text);
        break;
      default:
        this.#finish(message);
    }
  }

  #finish(message: WorkerMessage & { readonly id: number }): void {
    const running = this.#running;
    if (running?.id !== message.id) {
      if (this.#stream?.id === message.id) this.#take(message, this.#stream.incoming);
      return;
    }
    this.#running = undefined;
    if (message.type === 'failed') running.reject(fromPlainError(message.error));
    if (message.type !== 'done' && message.type !== 'answered') return;
    this.lastRunMs = message.runMs;
    const output =
      message.type === 'done' ? message.output : { answer: { ...message.head, body: this.#open(running) } };
    running.resolve(output);
  }

  #open({ id, request }: Running): IncomingStream {
    const incoming = new IncomingStream({
      source: {
        more: () => this.#tell({ type: 'more', id }),
        cancel: () => this.#tell({ type: 'cancel', id }),
        end: () => void this.kill('what it streamed did not come to its end'),
      },
      idleMs: request.timeoutMs,
      requestId: request.requestId,
    });
    this.#stream = { id, incoming };
    return incoming;
  }

  #take(message: WorkerMessage, incoming: IncomingStream): void {
    if (message.type === 'piece') {
      incoming.chunk(message.bytes);
      return;
    }
    this.#stream = undefined;
    if (message.type === 'failed') incoming.broken(fromPlainError(message.error));
    else incoming.end();
  }

  #tell(message: HostMessage): void {
    if (!this.ended) this.#carrier.send(message);
  }

  #ended(how: string): void {
    // heard twice of a worker that was killed
    if (this.ended) return;
    this.#endedHow = how;
    this.#opening?.reject(this.#lost());
    this.#running?.reject(this.#lost());
    this.#running = undefined;
    this.#stream?.incoming.broken(this.#lost());
    this.#stream = undefined;
    this.#options.onEnd(this, how);
    this.#heardOfEnd();
  }

  #lost(): EngineError {
    return new EngineError('WorkerLost', `the worker that had the request is gone: ${this.#endedHow}`, {
      details: { worker: this.#options.number, how: this.#endedHow },
    });
  }
}
