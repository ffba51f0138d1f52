import type { KeyObject } from 'node:crypto';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import type { EngineSettings } from '@edgewright/contract';
import type { EngineDescription, SwapOptions } from '@edgewright/engine';
import type { Logger } from '@edgewright/telemetry';
import { ModelStore } from './model-store.ts';
import type { ReadRegistryCredentials } from './registry-credentials.ts';
import { isSameModel, modelText } from './update-record.ts';
import type { StoredModel, UpdateRecord } from './update-record.ts';

/** A model under which this many processes ended is taken for the reason. */
const MAX_STARTS = 2;

/** The models that came with the image, as an engine is made of them. */
export interface ImageModels {
  readonly swap: SwapOptions;
  /** SHA-256 of the model files by the model's name. */
  readonly digests: ReadonlyMap<string, string>;
}

export interface ModelSlotOptions {
  readonly image: ImageModels;
  /** A folder that outlives the process; without one models cannot be fetched. */
  readonly stateDirectory?: string | undefined;
  /** Models must be signed with it. */
  readonly publicKey?: KeyObject | undefined;
  /** For models in container registries; asked at each download. */
  readonly registryCredentials?: ReadRegistryCredentials | undefined;
  readonly logger: Logger;
}

/** Which models the engine scores with: those of the image, one of which may be replaced by a model that was fetched. */
export class ModelSlot {
  readonly image: ImageModels;
  readonly publicKey: KeyObject | undefined;
  readonly registryCredentials: ReadRegistryCredentials | undefined;
  /** Absent without a folder for fetched models. */
  readonly store: ModelStore | undefined;
  /** What the desired properties say of how models run; goes before what the image says. */
  settings: EngineSettings = {};
  readonly #logger: Logger;

  /** @throws EdgeError `ModelStoreUnusable` */
  static async open(options: ModelSlotOptions): Promise<ModelSlot> {
    const { stateDirectory, logger } = options;
    const store =
      stateDirectory === undefined ? undefined : await ModelStore.open(path.join(stateDirectory, 'models'), logger);
    return new ModelSlot(options, store);
  }

  private constructor(options: ModelSlotOptions, store: ModelStore | undefined) {
    const { image, publicKey, registryCredentials, logger } = options;
    this.image = image;
    this.publicKey = publicKey;
    this.registryCredentials = registryCredentials;
    this.store = store;
    this.#logger = logger;
  }

  /** The fetched model that is in force; null for the image's own. */
  get active(): StoredModel | null {
    return this.store?.record.active ?? null;
  }

  /** The digest of the model that an engine says it scores with. */
  digestOf({ models: [model] }: EngineDescription): string | undefined {
    const { active } = this;
    if (model === undefined) return undefined;
    return active?.name === model.name ? active.sha256 : this.image.digests.get(model.name);
  }

  /** What to make an engine of, or to swap to; with other settings than those in force, where they are to be tried. */
  optionsFor(model: StoredModel | null, warmUp?: readonly unknown[], settings = this.settings): SwapOptions {
    const { swap } = this.image;
    const extra = { ...settings, ...(warmUp === undefined ? {} : { warmUp }) };
    if (model === null || this.store === undefined) return { ...swap, ...extra };
    const file = this.store.fileOf(model);
    const fetched = { name: model.name, version: model.version, path: file, format: 'onnx' as const };
    return {
      ...swap,
      ...extra,
      models: swap.models.map((each) => (each.name === model.name ? fetched : each)),
      // Azure ML's rule: the folder of the one model
      modelDirectory: swap.models.length === 1 ? path.dirname(file) : swap.modelDirectory,
    };
  }

  /**
   * What the engine of a new process is to be made of. A watched model under which processes ended again and again is rolled
   * back, and so is one whose file is damaged or that the image has no place for.
   */
  async starting(): Promise<SwapOptions> {
    for (;;) {
      const { active } = this;
      if (active === null || this.store === undefined) return this.optionsFor(null);
      const { watch } = this.store.record;
      const reason = await this.#whyNot(active);
      if (reason === undefined) {
        if (watch !== undefined) await this.#save({ watch: { ...watch, starts: watch.starts + 1 } });
        return this.optionsFor(active);
      }
      await this.#stepBack(active, reason);
    }
  }

  /**
   * The engine could not be made of what `starting` gave.
   *
   * @returns true when there is something else to try
   */
  async startFailed(error: unknown): Promise<boolean> {
    const { active } = this;
    if (active === null) return false;
    await this.#stepBack(active, `it does not load: ${messageOf(error)}`);
    return true;
  }

  /** This process ends in order: that says nothing against a model that is watched. Never rejects. */
  async endedInOrder(): Promise<void> {
    const watch = this.store?.record.watch;
    if (watch === undefined) return;
    await this.#save({ watch: { ...watch, starts: Math.max(0, watch.starts - 1) } }).catch(() => {});
  }

  async #whyNot(active: StoredModel): Promise<string | undefined> {
    const { store, image } = this;
    const starts = store?.record.watch?.starts ?? 0;
    if (!image.swap.models.some(({ name }) => name === active.name)) return `the image has no model "${active.name}"`;
    if (starts >= MAX_STARTS) return `${starts} processes ended while it was watched`;
    return (await store?.holds(active)) === true ? undefined : 'its file is damaged';
  }

  async #stepBack(model: StoredModel, reason: string): Promise<void> {
    const previous = this.store?.record.previous ?? null;
    this.#logger.error({ model: modelText(model), reason }, 'a fetched model is rolled back at the start');
    await this.#save({
      active: isSameModel(previous, model) ? null : previous,
      previous: undefined,
      watch: undefined,
      verdict: { model, state: 'rolledBack', reason, at: new Date().toISOString() },
    });
  }

  async #save(change: { readonly [Key in keyof UpdateRecord]?: UpdateRecord[Key] | undefined }): Promise<void> {
    if (this.store !== undefined) await this.store.save(withChange(this.store.record, change));
  }
}

/** A record with some of its properties changed; undefined removes one. */
export function withChange(
  record: UpdateRecord,
  change: { readonly [Key in keyof UpdateRecord]?: UpdateRecord[Key] | undefined },
): UpdateRecord {
  const entries = Object.entries({ ...record, ...change }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as UpdateRecord;
}
