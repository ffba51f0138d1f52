import { setTimeout as sleep } from 'node:timers/promises';
import type { Replica, StartReplica } from './replica.ts';
import type { StageFailure } from '../stage-failure.ts';
import type { DesiredService, ServiceFolder, ServiceStatus } from './service-folder.ts';
import { ServiceLog } from './service-log.ts';

const LOOK_MS = 150;
/** Loading, `init()` and warm-up. */
const START_MS = 180_000;
const FIRST_RESTART_MS = 250;
const LONGEST_RESTART_MS = 30_000;
/** What ran so long begins again with the shortest wait. */
const STABLE_MS = 60_000;

/** Keeps one service running: starts the revision that is wanted beside the one that serves, and restarts what ends. */
export class ServiceHost {
  readonly #folder: ServiceFolder;
  readonly #log: ServiceLog;
  readonly #startReplica: StartReplica;
  #serving: Replica | undefined;
  #status: ServiceStatus = { restarts: 0, updatedTime: '' };
  #failedRevision: number | undefined;
  #servedRevision: number | undefined;
  #restartMs = FIRST_RESTART_MS;
  #startedAt = 0;
  #restartAt = 0;

  /** @param start begins to start a replica, and returns at once */
  constructor(folder: ServiceFolder, start: StartReplica) {
    this.#folder = folder;
    this.#startReplica = start;
    this.#log = new ServiceLog(folder.log);
  }

  /** Works until the service is not wanted any more, or the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const desired = await this.#folder.readDesired();
      if (signal.aborted || desired === undefined || desired.state === 'stopped') break;
      await this.#reconcile(desired, signal);
      await sleep(LOOK_MS);
    }
    const last = this.#serving;
    this.#serving = undefined;
    await last?.stop();
    await this.#report({ revision: undefined, processId: undefined, starting: undefined, failure: undefined });
  }

  async #reconcile(desired: DesiredService, signal: AbortSignal): Promise<void> {
    const { revision } = desired;
    if (this.#serving?.revision === revision) return;
    // a revision that never came up is not tried again; one that served and ended is
    if (this.#failedRevision === revision && this.#servedRevision !== revision) return;
    // what was not tried yet does not wait for what failed before it
    if (this.#servedRevision === revision && Date.now() < this.#restartAt) return;
    await this.#start(desired, signal);
  }

  async #start(desired: DesiredService, signal: AbortSignal): Promise<void> {
    const { revision } = desired;
    const isRestart = this.#failedRevision === revision;
    await this.#report({ starting: revision, ...(isRestart ? {} : { failure: undefined }) });
    const replica = this.#startReplica(desired, this.#log);
    const waiting = new AbortController();
    const over = AbortSignal.any([waiting.signal, AbortSignal.timeout(START_MS)]);
    const outcome = await Promise.race([
      replica.ready.then(() => 'ready' as const),
      replica.ended,
      this.#givenUp(desired, { over, signal }),
    ]);
    waiting.abort();
    if (outcome === 'ready') {
      await this.#takeOver(replica);
      return;
    }
    if (typeof outcome === 'string') await replica.stop();
    if (outcome === 'not wanted') {
      await this.#report({ starting: undefined });
      return;
    }
    this.#failedRevision = revision;
    this.#delayRestart();
    const failure =
      outcome === 'late'
        ? {
            ...(await replica.ended),
            stage: 'start',
            message: `it was not ready within ${START_MS / 1000} s`,
            likelyCause: 'Loading the model, init() or the warm-up hangs or takes too long.',
          }
        : outcome;
    await this.#report({ starting: undefined, failure: { ...failure, revision } });
  }

  /** Ends when the start took too long, or when something else is wanted meanwhile. */
  async #givenUp(
    { revision }: DesiredService,
    { over, signal }: { readonly over: AbortSignal; readonly signal: AbortSignal },
  ): Promise<'late' | 'not wanted'> {
    while (!over.aborted) {
      await sleep(LOOK_MS, undefined, { ref: false });
      const desired = await this.#folder.readDesired();
      if (signal.aborted || desired?.state !== 'running' || desired.revision !== revision) return 'not wanted';
    }
    return 'late';
  }

  async #takeOver(replica: Replica): Promise<void> {
    await replica.serve();
    const former = this.#serving;
    this.#serving = replica;
    this.#failedRevision = undefined;
    if (this.#servedRevision !== replica.revision) this.#restartMs = FIRST_RESTART_MS;
    this.#servedRevision = replica.revision;
    this.#startedAt = Date.now();
    void replica.ended.then((end) => this.#ended(replica, end));
    const { revision, processId } = replica;
    await this.#report({ revision, processId, starting: undefined, failure: undefined });
    await former?.stop();
  }

  async #ended(replica: Replica, end: StageFailure): Promise<void> {
    if (this.#serving !== replica) return;
    this.#serving = undefined;
    if (Date.now() - this.#startedAt > STABLE_MS) this.#restartMs = FIRST_RESTART_MS;
    this.#delayRestart();
    await this.#report({
      revision: undefined,
      processId: undefined,
      failure: { ...end, stage: 'run', revision: replica.revision },
      restarts: this.#status.restarts + 1,
    });
  }

  #delayRestart(): void {
    this.#restartAt = Date.now() + this.#restartMs;
    this.#restartMs = Math.min(this.#restartMs * 2, LONGEST_RESTART_MS);
  }

  async #report(changes: { [Key in keyof ServiceStatus]?: ServiceStatus[Key] | undefined }): Promise<void> {
    const next = { ...this.#status, ...changes, updatedTime: new Date().toISOString() };
    this.#status = Object.fromEntries(
      Object.entries(next).filter(([, value]) => value !== undefined),
    ) as unknown as ServiceStatus;
    await this.#folder.writeStatus(this.#status);
  }
}
