import { setTimeout as sleep } from 'node:timers/promises';
import { explainFailure } from '../explain-failure.ts';
import { Replica } from './replica.ts';
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
  #serving: Replica | undefined;
  #status: ServiceStatus = { restarts: 0, updatedTime: '' };
  #failedRevision: number | undefined;
  #servedRevision: number | undefined;
  #restartMs = FIRST_RESTART_MS;
  #startedAt = 0;
  #restartAt = 0;

  constructor(folder: ServiceFolder) {
    this.#folder = folder;
    this.#log = new ServiceLog(folder.log);
  }

  /** Works until the service is not wanted any more, or the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const desired = await this.#folder.readDesired();
      if (signal.aborted || desired === undefined || desired.state === 'stopped') break;
      await this.#reconcile(desired);
      await sleep(LOOK_MS);
    }
    await this.#serving?.stop();
    this.#serving = undefined;
    await this.#report({ revision: undefined, processId: undefined, starting: undefined, failure: undefined });
  }

  async #reconcile(desired: DesiredService): Promise<void> {
    if (this.#serving?.revision === desired.revision) return;
    // a revision that never came up is not tried again; one that served and ended is
    if (this.#failedRevision === desired.revision && this.#servedRevision !== desired.revision) return;
    if (Date.now() < this.#restartAt) return;
    await this.#start(desired);
  }

  async #start(desired: DesiredService): Promise<void> {
    const { revision } = desired;
    const isRestart = this.#failedRevision === revision;
    await this.#report({ starting: revision, ...(isRestart ? {} : { failure: undefined }) });
    const replica = new Replica(desired, this.#log);
    const timer = new AbortController();
    const outcome = await Promise.race([
      replica.ready.then(() => 'ready' as const),
      replica.ended,
      sleep(START_MS, 'late' as const, { signal: timer.signal, ref: false }).catch(() => 'late' as const),
    ]);
    timer.abort();
    if (outcome === 'ready') {
      await this.#takeOver(replica);
      return;
    }
    if (outcome === 'late') await replica.stop();
    this.#failedRevision = revision;
    this.#delayRestart();
    const failure =
      outcome === 'late'
        ? {
            ...explainFailure(await replica.ended),
            stage: 'start',
            message: `it was not ready within ${START_MS / 1000} s`,
            likelyCause: 'Loading the model, init() or the warm-up hangs or takes too long.',
          }
        : explainFailure(outcome);
    await this.#report({ starting: undefined, failure: { ...failure, revision } });
  }

  async #takeOver(replica: Replica): Promise<void> {
    const former = this.#serving;
    this.#serving = replica;
    this.#failedRevision = undefined;
    this.#servedRevision = replica.revision;
    this.#startedAt = Date.now();
    void replica.ended.then((end) => this.#ended(replica, end));
    const { revision, processId } = replica;
    await this.#report({ revision, processId, starting: undefined, failure: undefined });
    await former?.stop();
  }

  async #ended(replica: Replica, end: Awaited<Replica['ended']>): Promise<void> {
    if (this.#serving !== replica) return;
    this.#serving = undefined;
    if (Date.now() - this.#startedAt > STABLE_MS) this.#restartMs = FIRST_RESTART_MS;
    this.#delayRestart();
    await this.#report({
      revision: undefined,
      processId: undefined,
      failure: { ...explainFailure(end), stage: 'run', revision: replica.revision },
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
