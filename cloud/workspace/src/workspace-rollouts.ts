import path from 'node:path';
import { checkRolloutFile } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import Type from 'typebox';
import type {
  AuditEntry,
  RingLook,
  RolloutPage,
  RolloutRecord,
  RolloutStore,
  RolloutView,
  RolloutWish,
} from '@edgewright/iothub';
import { readDocument } from './read-document.ts';
import type { HubSelection, WorkspaceEdge } from './workspace-edge.ts';
import type { WorkspaceFolders } from './workspace-folders.ts';

/** Where the state of rollouts is; default: a file in the workspace. */
export interface RolloutPlace {
  /** A container of Azure Blob storage, `https://ACCOUNT.blob.core.windows.net/CONTAINER`, with a SAS or without. */
  readonly containerUrl?: string;
  /** Of the storage account; without it, and without a SAS, Entra ID is asked. */
  readonly storageConnectionString?: string;
}

export interface StartInput extends HubSelection, RolloutPlace {
  /** The rollout file, JSON or YAML. */
  readonly file: string;
  readonly signal: AbortSignal;
}

export interface DriveInput extends HubSelection, RolloutPlace {
  readonly name: string;
  readonly signal: AbortSignal;
}

export interface WatchInput extends RolloutPlace {
  readonly name: string;
  /** Milliseconds between two looks into the store. */
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}

export interface ServePageInput extends RolloutPlace {
  /** 0 for any free port. */
  readonly port: number;
  readonly intervalMs: number;
}

/** Changes that reach a fleet ring by ring, and go back by themselves. */
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
    await this.#withStore(input, async (store) => await keepRollout(store, prepared));
    return await this.drive({ ...input, name: prepared.record.name });
  }

  /** Goes on with a rollout where it is, however its controller ended. @throws IotHubError `RolloutBusy`, `RolloutNotFound` */
  async drive(input: DriveInput): Promise<RolloutView> {
    const { driveRollout, rolloutView } = await import('@edgewright/iothub');
    const { name, signal } = input;
    await using hub = await this.#edge.hub(input);
    return await this.#withStore(input, async (store) => {
      let told = '';
      const onStep = (record: RolloutRecord) => {
        const text = stepText(record);
        if (text !== told) this.#events({ stage: 'edge.rollout', state: 'done', text });
        told = text;
      };
      await driveRollout({ hub, store, name, signal, now: Date.now, onStep });
      return await rolloutView(store, name);
    });
  }

  /**
   * Tells the controller of a rollout what a person wants; one that runs elsewhere hears of it at its next step.
   *
   * @throws IotHubError `RolloutNotFound`, `RolloutActRefused` when it has ended
   */
  async wish(name: string, wish: RolloutWish, place: RolloutPlace = {}): Promise<RolloutView> {
    const { askRollout, rolloutView } = await import('@edgewright/iothub');
    return await this.#withStore(place, async (store) => {
      await askRollout(store, name, { wish, now: Date.now() });
      return await rolloutView(store, name);
    });
  }

  /** Approves the ring that waits for it. @throws IotHubError `RolloutNotFound`, `RolloutActRefused` when none waits */
  async approve(name: string, place: RolloutPlace = {}): Promise<RolloutView> {
    const { approveRing, rolloutView } = await import('@edgewright/iothub');
    return await this.#withStore(place, async (store) => {
      await approveRing(store, name, Date.now());
      return await rolloutView(store, name);
    });
  }

  /** Every rollout, the oldest first. */
  async list(place: RolloutPlace = {}): Promise<readonly RolloutView[]> {
    const { rolloutView } = await import('@edgewright/iothub');
    return await this.#withStore(place, async (store) => {
      const views: RolloutView[] = [];
      for (const { name } of await store.list()) views.push(await rolloutView(store, name));
      return views;
    });
  }

  /** @throws IotHubError `RolloutNotFound` */
  async status(name: string, place: RolloutPlace = {}): Promise<RolloutView> {
    const { rolloutView } = await import('@edgewright/iothub');
    return await this.#withStore(place, async (store) => await rolloutView(store, name));
  }

  /** How a rollout stands now, and then each time that something has changed, until it has ended. @throws IotHubError `RolloutNotFound` */
  async *watch(input: WatchInput): AsyncGenerator<RolloutView> {
    const { watchRollout } = await import('@edgewright/iothub');
    await using store = await this.#open(input);
    yield* watchRollout(store, input);
  }

  /** Serves a page of all rollouts on this machine, until it is disposed of. @throws IotHubError `RolloutPageFailed` */
  async servePage({ port, intervalMs, ...place }: ServePageInput): Promise<RolloutPage> {
    const { serveRolloutPage } = await import('@edgewright/iothub');
    await using opened = new AsyncDisposableStack();
    const store = opened.use(await this.#open(place));
    const page = opened.use(await serveRolloutPage({ store, port, intervalMs }));
    const resources = opened.move();
    return { url: page.url, [Symbol.asyncDispose]: async () => await resources.disposeAsync() };
  }

  /** What was done, and what was seen over time. @throws IotHubError `RolloutNotFound` */
  async history(
    name: string,
    place: RolloutPlace = {},
  ): Promise<{ readonly acts: readonly AuditEntry[]; readonly looks: readonly RingLook[] }> {
    return await this.#withStore(place, async (store) => {
      await store.get(name);
      return { acts: await store.auditOf(name), looks: await store.looksOf(name) };
    });
  }

  async #prepare(input: Omit<StartInput, 'signal'>) {
    const { prepareRollout } = await import('@edgewright/iothub');
    const file = checkRolloutFile(await readDocument(Type.Unknown(), input.file, 'the rollout file'), input.file);
    const content = await this.#edge.contentOf(path.resolve(path.dirname(input.file), file.content));
    await using hub = await this.#edge.hub(input);
    return await prepareRollout(hub, { file, content, now: Date.now() });
  }

  async #open({ containerUrl, storageConnectionString }: RolloutPlace): Promise<RolloutStore> {
    const { openRolloutStore } = await import('@edgewright/iothub');
    return await openRolloutStore({
      directory: this.#directory,
      ...(containerUrl === undefined ? {} : { containerUrl }),
      ...(storageConnectionString === undefined ? {} : { storageConnectionString }),
    });
  }

  async #withStore<Result>(place: RolloutPlace, action: (store: RolloutStore) => Promise<Result>): Promise<Result> {
    await using store = await this.#open(place);
    return await action(store);
  }
}

function stepText({ name, state, ring, phase, file, reason }: RolloutRecord): string {
  const where = state === 'running' ? `ring "${file.rings[ring]?.name ?? ''}" is ${phase}` : state;
  return `${name}: ${where}${reason === '' ? '' : ` (${reason})`}`;
}
