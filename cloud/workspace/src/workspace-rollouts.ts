import path from 'node:path';
import { RolloutFileSchema } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import type { AuditEntry, RingLook, RolloutRecord, RolloutStore, RolloutView, RolloutWish } from '@edgewright/iothub';
import { readDocument } from './read-document.ts';
import type { HubSelection, WorkspaceEdge } from './workspace-edge.ts';
import type { WorkspaceFolders } from './workspace-folders.ts';

export interface StartInput extends HubSelection {
  /** The rollout file, JSON or YAML. */
  readonly file: string;
  readonly signal: AbortSignal;
}

export interface DriveInput extends HubSelection {
  readonly name: string;
  readonly signal: AbortSignal;
}

/** Changes that reach a fleet ring by ring, and go back by themselves. Their state is in the workspace. */
export class WorkspaceRollouts {
  readonly #directory: string;
  readonly #edge: WorkspaceEdge;
  readonly #events: EventSink;

  constructor(parts: { readonly folders: WorkspaceFolders; readonly edge: WorkspaceEdge; readonly events: EventSink }) {
    this.#directory = path.join(parts.folders.root, 'rollouts');
    this.#edge = parts.edge;
    this.#events = parts.events;
  }

  /**
   * Checks a rollout against the fleet, and gives each device its ring; nothing is changed.
   *
   * @returns device ids by the name of the ring
   * @throws ContractError · WorkspaceError `ManifestRefused` · IotHubError `RolloutRefused`, `ConditionInvalid`
   */
  async dryRun(input: Omit<StartInput, 'signal'>): Promise<Readonly<Record<string, readonly string[]>>> {
    const { record, devices } = await this.#prepare(input);
    const rings = record.file.rings.map(({ name }, index) => {
      const ids = devices.filter(({ ring }) => ring === index).map(({ deviceId }) => deviceId);
      return [name, ids.toSorted()] as const;
    });
    return Object.fromEntries(rings);
  }

  /**
   * Starts a rollout and drives it until it is done, rolled back, paused, or the signal ends it.
   *
   * @throws as {@link dryRun}, IotHubError `RolloutExists`
   */
  async start(input: StartInput): Promise<RolloutView> {
    const prepared = await this.#prepare(input);
    const { keepRollout } = await import('@edgewright/iothub');
    await this.#withStore(async (store) => await keepRollout(store, prepared));
    return await this.drive({ ...input, name: prepared.record.name });
  }

  /** Goes on with a rollout where it is, however its controller ended. @throws IotHubError `RolloutBusy`, `RolloutNotFound` */
  async drive(input: DriveInput): Promise<RolloutView> {
    const { driveRollout, rolloutView } = await import('@edgewright/iothub');
    const { name, signal } = input;
    await using hub = await this.#edge.hub(input);
    return await this.#withStore(async (store) => {
      let told = '';
      const onStep = (record: RolloutRecord) => {
        const text = stepText(record);
        if (text !== told) this.#events({ stage: 'edge.rollout', state: 'started', text });
        told = text;
      };
      await driveRollout({ hub, store, name, signal, now: Date.now, onStep });
      return await rolloutView(store, name);
    });
  }

  /** Tells the controller of a rollout what a person wants; one that runs elsewhere hears of it at its next step. */
  async wish(name: string, wish: RolloutWish): Promise<RolloutView> {
    const { rolloutView } = await import('@edgewright/iothub');
    return await this.#withStore(async (store) => {
      const { state } = await store.get(name);
      // what is done can still be taken back
      const again =
        wish === 'rollback' && (state === 'done' || state === 'aborted') ? { state: 'running' as const } : {};
      await store.change(name, { wish, ...again }, { time: Date.now(), act: `asked: ${wish}`, details: '' });
      return await rolloutView(store, name);
    });
  }

  /** Approves the ring that waits for it. */
  async approve(name: string): Promise<RolloutView> {
    const { rolloutView } = await import('@edgewright/iothub');
    return await this.#withStore(async (store) => {
      const { ring, file } = await store.get(name);
      const entry = { time: Date.now(), act: 'approved', details: file.rings[ring]?.name ?? '' };
      await store.change(name, { approved: ring + 1 }, entry);
      return await rolloutView(store, name);
    });
  }

  /** Every rollout of the workspace. */
  async list(): Promise<readonly RolloutView[]> {
    const { rolloutView } = await import('@edgewright/iothub');
    return await this.#withStore(async (store) => {
      const views: RolloutView[] = [];
      for (const { name } of await store.list()) views.push(await rolloutView(store, name));
      return views;
    });
  }

  /** @throws IotHubError `RolloutNotFound` */
  async status(name: string): Promise<RolloutView> {
    const { rolloutView } = await import('@edgewright/iothub');
    return await this.#withStore(async (store) => await rolloutView(store, name));
  }

  /** What was done, and the gates over time. @throws IotHubError `RolloutNotFound` */
  async history(name: string): Promise<{ readonly acts: readonly AuditEntry[]; readonly looks: readonly RingLook[] }> {
    return await this.#withStore(async (store) => {
      await store.get(name);
      return { acts: await store.auditOf(name), looks: await store.looksOf(name) };
    });
  }

  async #prepare(input: Omit<StartInput, 'signal'>) {
    const { prepareRollout } = await import('@edgewright/iothub');
    const file = await readDocument(RolloutFileSchema, input.file, 'the rollout file');
    const content = await this.#edge.contentOf(path.resolve(path.dirname(input.file), file.content));
    await using hub = await this.#edge.hub(input);
    return await prepareRollout(hub, { file, content, now: Date.now() });
  }

  async #withStore<Result>(action: (store: RolloutStore) => Promise<Result>): Promise<Result> {
    const { SqliteRolloutStore } = await import('@edgewright/iothub');
    await using store = SqliteRolloutStore.open(this.#directory);
    return await action(store);
  }
}

function stepText({ name, state, ring, phase, file, reason }: RolloutRecord): string {
  const where = state === 'running' ? `ring "${file.rings[ring]?.name ?? ''}" is ${phase}` : state;
  return `${name}: ${where}${reason === '' ? '' : ` (${reason})`}`;
}
