import type { ScorerReported } from '@edgewright/contract';
import type { FetchStep } from './fetch-model.ts';
import type { StoredModel, UpdateRecord } from './update-record.ts';

/** What stands under `update` in the reported properties. */
export type UpdateStatus = NonNullable<ScorerReported['update']>;

/** What the reported properties say about the model that was asked for. */
export class UpdateReport {
  readonly #changed: () => void;
  #status: UpdateStatus | null = null;

  /** @param changed called when it should be seen soon */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Null before a model was asked for. */
  get status(): UpdateStatus | null {
    return this.#status;
  }

  /** A model enters a state. */
  about(model: StoredModel, record: UpdateRecord, change: Pick<UpdateStatus, 'state'> & Partial<UpdateStatus>): void {
    const { bytesDone = 0, bytesTotal = null } = this.#status?.sha256 === model.sha256 ? this.#status : {};
    this.#set({
      name: model.name,
      version: String(model.version),
      sha256: model.sha256,
      reason: null,
      isWatched: record.watch !== undefined,
      bytesDone,
      bytesTotal,
      previousVersion: record.previous == null ? null : String(record.previous.version),
      since: '',
      ...change,
    });
  }

  /** The model that it is about goes on. */
  enter(change: Partial<UpdateStatus>): void {
    if (this.#status !== null) this.#set({ ...this.#status, ...change });
  }

  step(step: FetchStep): void {
    if (step.state === 'verifying') this.enter({ state: 'verifying', reason: null });
    else if (step.done === undefined) this.enter({ state: 'downloading', reason: step.reason ?? null });
    // progress is seen at the next report
    else if (this.#status !== null) {
      this.#status = { ...this.#status, bytesDone: step.done, bytesTotal: step.total ?? null };
    }
  }

  clear(): void {
    this.#status = null;
    this.#changed();
  }

  #set(status: UpdateStatus): void {
    this.#status = { ...status, since: new Date().toISOString() };
    this.#changed();
  }
}
