import { performance } from 'node:perf_hooks';
import { messageOf } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import type { ModuleStep } from './agent-metrics.ts';
import type { AgentTimings } from './agent-timings.ts';
import type { ModuleExit, ModuleRunner, PreparedModule, RunningModule } from './module-runner.ts';
import type { ModuleSpec, RestartPolicy } from './module-spec.ts';
import type { ModuleState } from './module-state.ts';

export interface ModuleSupervisorOptions {
  readonly spec: ModuleSpec;
  readonly runner: ModuleRunner;
  /** What the module is given; asked for before every start. */
  readonly environment: () => Promise<Readonly<Record<string, string>>>;
  readonly timings: AgentTimings;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called before every change of the state. */
  readonly beforeChange: () => void;
  /** Called after every change of the state. */
  readonly onChange: () => void;
  /** Told of what was done with the module and how long that took, for counting. */
  readonly onStep: (step: ModuleStep, durationMs: number) => void;
  readonly emit: EventSink;
}

/**
 * Keeps one module as its deployment wants it: gets its image, starts it, and starts it again by its restart policy, with
 * waits that grow.
 */
export class ModuleSupervisor implements AsyncDisposable {
  readonly spec: ModuleSpec;
  readonly #options: ModuleSupervisorOptions;
  readonly #stopping = new AbortController();
  readonly #attempted = Promise.withResolvers<void>();
  readonly #finished: Promise<void>;
  #state: ModuleState;
  #prepared: PreparedModule | undefined;
  #running: RunningModule | undefined;
  #endWait: (() => void) | undefined;
  #isRestartAsked = false;

  constructor(options: ModuleSupervisorOptions) {
    this.spec = options.spec;
    this.#options = options;
    this.#state = {
      name: options.spec.name,
      status: options.spec.status === 'stopped' ? 'stopped' : 'unknown',
      description: '',
      exitCode: 0,
      restartCount: 0,
    };
    this.#finished = options.spec.status === 'stopped' ? Promise.resolve() : this.#run();
    if (options.spec.status === 'stopped') this.#attempted.resolve();
  }

  get state(): ModuleState {
    return this.#state;
  }

  /** Digest of the image; undefined until it is there. */
  get imageDigest(): string | undefined {
    return this.#prepared?.imageDigest;
  }

  /** Resolves once the first start was tried, however that went. */
  get attempted(): Promise<void> {
    return this.#attempted.promise;
  }

  /** Ends the module's process and starts it anew at once, whatever its restart policy. */
  async restart(): Promise<void> {
    this.#isRestartAsked = true;
    this.#endWait?.();
    await this.#running?.stop(this.#options.timings.stopGraceMs);
  }

  /** Ends the module for good. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#endWait?.();
    await this.#running?.stop(this.#options.timings.stopGraceMs);
    await this.#finished;
  }

  async #run(): Promise<void> {
    for (;;) {
      const startedAt = this.#options.now();
      const exit = await this.#runOnce();
      this.#attempted.resolve();
      if (this.#stopping.signal.aborted) return;
      if (!(await this.#mayStartAgain(exit, this.#options.now() - startedAt))) return;
      if (this.#stopping.signal.aborted) return;
      this.#change({ restartCount: this.#state.restartCount + 1, lastRestartTime: this.#time() });
    }
  }

  /** Starts the module and waits for its end; what fails before counts as an end too. */
  async #runOnce(): Promise<ModuleExit & { readonly hasStarted: boolean }> {
    const { runner, environment, spec } = this.#options;
    try {
      if (this.#prepared === undefined) {
        this.#prepared = await this.#timed('prepare_update', () => runner.prepare(spec, this.#stopping.signal));
      }
      const prepared = this.#prepared;
      const variables = await environment();
      if (this.#stopping.signal.aborted) return { exitCode: 0, description: '', hasStarted: false };
      const running = await this.#timed('start', () => prepared.start(variables));
      this.#running = running;
      this.#change({
        status: 'running',
        description: 'running',
        lastStartTime: this.#time(),
        ...(running.pid !== undefined && { pid: running.pid }),
      });
      this.#note('started', 'done', `Started ${spec.name}`);
      this.#attempted.resolve();
      // an end was asked for while it started
      if (this.#stopping.signal.aborted) await running.stop(this.#options.timings.stopGraceMs);
      const exit = await running.exited;
      this.#options.onStep('stop', 0);
      this.#note('ended', exit.exitCode === 0 ? 'note' : 'failed', `${spec.name} ${exit.description}`);
      return { ...exit, hasStarted: true };
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#note('unusable', 'failed', `${spec.name}: ${messageOf(error)}`);
      return { exitCode: 1, description: messageOf(error), hasStarted: false };
    } finally {
      this.#running = undefined;
    }
  }

  async #timed<Result>(step: ModuleStep, action: () => Promise<Result>): Promise<Result> {
    const start = performance.now();
    const result = await action();
    this.#options.onStep(step, performance.now() - start);
    return result;
  }

  /** Records the end and waits until the module may start again; false when it may not. */
  async #mayStartAgain(exit: ModuleExit & { readonly hasStarted: boolean }, ranForMs: number): Promise<boolean> {
    const { timings, spec } = this.#options;
    if (ranForMs >= timings.healthyAfterMs) this.#change({ restartCount: 0 });
    const ended = {
      exitCode: exit.exitCode,
      description: exit.description,
      pid: undefined,
      ...(exit.hasStarted && { lastExitTime: this.#time() }),
    };
    if (this.#isRestartAsked) {
      this.#isRestartAsked = false;
      this.#change(ended);
      return true;
    }
    const failed = exit.exitCode !== 0;
    // an image that cannot be had is tried again by every policy: the module has never run
    const wanted = !exit.hasStarted || restarts(spec.restartPolicy, failed);
    if (!wanted || this.#state.restartCount >= timings.maxRestartCount) {
      this.#change({ ...ended, status: failed ? 'failed' : 'stopped' });
      await this.#restartAsked();
      return !this.#stopping.signal.aborted;
    }
    this.#change({ ...ended, status: 'backoff' });
    await this.#wait(restartDelay(this.#state.restartCount, timings));
    this.#isRestartAsked = false;
    return true;
  }

  /** A module that has ended for good can still be started by hand. */
  async #restartAsked(): Promise<void> {
    while (!this.#isRestartAsked && !this.#stopping.signal.aborted) await this.#wait(undefined);
    this.#isRestartAsked = false;
  }

  /** Waits until the time is over, or something has changed. */
  async #wait(durationMs: number | undefined): Promise<void> {
    if (this.#stopping.signal.aborted || this.#isRestartAsked) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = durationMs === undefined ? undefined : setTimeout(resolve, durationMs);
    this.#endWait = resolve;
    await promise;
    this.#endWait = undefined;
    clearTimeout(timer);
  }

  #change(change: { [Key in keyof ModuleState]?: ModuleState[Key] | undefined }): void {
    this.#options.beforeChange();
    const { pid, ...state } = { ...this.#state, ...change };
    this.#state = { ...(state as ModuleState), ...(pid !== undefined && { pid }) };
    this.#options.onChange();
  }

  #time(): string {
    return new Date(this.#options.now()).toISOString();
  }

  #note(event: string, state: 'done' | 'note' | 'failed', text: string): void {
    const { spec, emit } = this.#options;
    emit({
      stage: `agent.module.${event}`,
      state,
      text,
      data: { module: spec.name, restarts: this.#state.restartCount },
    });
  }
}

function restarts(policy: RestartPolicy, failed: boolean): boolean {
  if (policy === 'always') return true;
  return policy !== 'never' && failed;
}

/** The wait before the next restart, in milliseconds, when there were `restartCount` of them (AG/…Core/RestartPolicyManager.cs). */
export function restartDelay(restartCount: number, timings: AgentTimings): number {
  return Math.min(timings.restartDelayMs * 2 ** restartCount, timings.maxRestartDelayMs);
}
