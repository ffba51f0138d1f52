import { messageOf } from '@edgewright/contract';
import type {
  Engine,
  EngineDescription,
  EngineModel,
  EngineStats,
  InferRequest,
  InferResult,
  ScoreRequest,
  ScoreResult,
} from '@edgewright/engine';
import type { Logger } from '@edgewright/telemetry';
import { WebError } from '../web-error.ts';
import type { ModelIndex } from './model-index.ts';
import { joinDescriptions, joinStats, nothingLoaded } from './join-engines.ts';

/** A model of the repository that cannot be loaded, and why. */
export interface UnusableModel {
  readonly name: string;
  readonly version: number;
  readonly fault: string;
}

/** A model that is there to be loaded. */
export type RepositoryModel = EngineModel | UnusableModel;

export interface ModelRepositoryOptions {
  /** What is there now, the versions of each name; asked again for each index and each load. */
  readonly list: () => Promise<readonly RepositoryModel[]>;
  /** Loads and warms up one model. */
  readonly start: (model: EngineModel) => Promise<Engine>;
  readonly logger: Logger;
}

type State = ModelIndex['state'];

interface Slot {
  /** Takes the requests; none while nothing is loaded. */
  engine?: Engine;
  version?: number;
  state: State;
  /** Why it is not ready. */
  reason: string;
}

/**
 * Models that are loaded and unloaded while the service runs, Triton's explicit model control: each has an engine of its own, so that one comes and goes
 * without the others. As an engine it scores with those that are loaded.
 */
export class ModelRepository implements Engine {
  readonly #options: ModelRepositoryOptions;
  readonly #slots = new Map<string, Slot>();
  readonly #changes = new Set<Promise<void>>();
  #description: EngineDescription = nothingLoaded;
  /** Of engines that were released. */
  #past: EngineStats = joinStats([]);
  #isClosed = false;

  constructor(options: ModelRepositoryOptions) {
    this.#options = options;
  }

  /**
   * Loads the newest version of a model. One that is loaded already is loaded anew: it serves until the new one has taken over,
   * and goes on when that fails.
   *
   * @throws WebError `ModelUnknown`, `ModelBusy`, `ModelLoadFailed`, `NoReadyReplica`
   */
  async load(name: string): Promise<void> {
    const model = await this.#newest(name);
    const slot = this.#begin(name, 'LOADING');
    await this.#track(async () => {
      try {
        const engine = await this.#options.start(model);
        const former = slot.engine;
        Object.assign(slot, { engine, version: model.version, state: 'READY', reason: '' });
        this.#changed({ event: 'web.model.loaded', model: name, version: model.version }, `loaded ${name}:${model.version}`); // prettier-ignore
        if (former !== undefined) await this.#retire(former);
      } catch (cause) {
        const reason = messageOf(cause);
        if (slot.engine === undefined) Object.assign(slot, { version: model.version, state: 'UNAVAILABLE', reason });
        else Object.assign(slot, { state: 'READY', reason: '' });
        throw new WebError('ModelLoadFailed', `cannot load ${name}:${model.version}: ${reason}`, { details: { model: name, version: model.version }, cause }); // prettier-ignore
      }
    });
  }

  /**
   * Takes no more requests for a model, answers those that it has, and releases it.
   *
   * @throws WebError `ModelUnknown`, `ModelNotLoaded`, `ModelBusy`, `NoReadyReplica`
   */
  async unload(name: string): Promise<void> {
    if (!this.#slots.has(name)) await this.#newest(name);
    const { engine } = this.#slots.get(name) ?? {};
    if (engine === undefined) throw this.#notLoaded(name);
    const slot = this.#begin(name, 'UNLOADING');
    await this.#track(async () => {
      delete slot.engine;
      slot.reason = 'it is being unloaded';
      this.#changed({ event: 'web.model.unloading', model: name }, `unloading ${name}`);
      await this.#retire(engine);
      Object.assign(slot, { state: 'UNAVAILABLE', reason: 'unloaded' });
    });
  }

  /** What is there, and what of it is loaded. */
  async index(): Promise<ModelIndex[]> {
    const rows = new Map<string, ModelIndex>();
    for (const model of await this.#list()) {
      const reason = 'fault' in model ? model.fault : 'not loaded';
      rows.set(`${model.name}:${model.version}`, { name: model.name, version: String(model.version), state: 'UNAVAILABLE', reason }); // prettier-ignore
    }
    for (const [name, { version, state, reason }] of this.#slots) {
      if (version !== undefined) rows.set(`${name}:${version}`, { name, version: String(version), state, reason });
    }
    return [...rows.values()].toSorted((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : Number(one.version) - Number(other.version))); // prettier-ignore
  }

  score(request: ScoreRequest): Promise<ScoreResult> {
    const name = (request.data as { readonly model?: unknown } | null | undefined)?.model;
    return this.#engineOf(typeof name === 'string' ? name : undefined, (engine) => engine.score(request));
  }

  infer(request: InferRequest): Promise<InferResult> {
    return this.#engineOf(request.model, (engine) => engine.infer(request));
  }

  describe(): EngineDescription {
    return this.#description;
  }

  stats(): EngineStats {
    const engines = [...this.#slots.values()].flatMap(({ engine }) => (engine === undefined ? [] : [engine.stats()]));
    return joinStats([this.#past, ...engines]);
  }

  swap(): Promise<never> {
    return Promise.reject(new TypeError('models of a repository are loaded by their names'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#changes);
    const engines = [...this.#slots.values()].flatMap(({ engine }) => (engine === undefined ? [] : [engine]));
    await Promise.all(engines.map((engine) => engine[Symbol.asyncDispose]()));
  }

  /** Why there is no model to score with, for whoever asks for it by name. */
  explainMissing(name: string): WebError | undefined {
    const slot = this.#slots.get(name);
    return slot === undefined || slot.engine !== undefined ? undefined : this.#notLoaded(name);
  }

  async #list(): Promise<readonly RepositoryModel[]> {
    try {
      return await this.#options.list();
    } catch (cause) {
      throw new WebError('ModelLoadFailed', `cannot read the repository of models: ${messageOf(cause)}`, { cause });
    }
  }

  async #newest(name: string): Promise<EngineModel> {
    const all = await this.#list();
    const [newest] = all.filter((model) => model.name === name).toSorted((one, other) => other.version - one.version);
    if (newest === undefined) {
      const known = [...new Set(all.map((model) => model.name))].slice(0, 50);
      throw new WebError('ModelUnknown', `there is no model "${name}" in the repository; there is ${known.join(', ') || 'none'}`, { details: { model: name, known } }); // prettier-ignore
    }
    if ('fault' in newest) {
      throw new WebError('ModelLoadFailed', `cannot load ${name}:${newest.version}: ${newest.fault}`, { details: { model: name, version: newest.version } }); // prettier-ignore
    }
    return newest;
  }

  /** Each model is changed by one caller at a time. */
  #begin(name: string, state: 'LOADING' | 'UNLOADING'): Slot {
    if (this.#isClosed) throw new WebError('NoReadyReplica', `cannot change ${name}: the service is stopping`);
    const slot = this.#slots.get(name) ?? { state: 'UNAVAILABLE', reason: 'not loaded' };
    if (slot.state === 'LOADING' || slot.state === 'UNLOADING') {
      throw new WebError('ModelBusy', `cannot change ${name}: it is ${slot.state.toLowerCase()} already`, { details: { model: name, state: slot.state } }); // prettier-ignore
    }
    slot.state = state;
    this.#slots.set(name, slot);
    return slot;
  }

  async #track(change: () => Promise<void>): Promise<void> {
    const running = change();
    this.#changes.add(running);
    try {
      await running;
    } finally {
      this.#changes.delete(running);
    }
  }

  /** Answers what it took, then releases it. */
  async #retire(engine: Engine): Promise<void> {
    await engine[Symbol.asyncDispose]();
    this.#past = joinStats([this.#past, engine.stats()]);
  }

  #changed(facts: object, text: string): void {
    const loaded = [...this.#slots.values()].flatMap(({ engine }) => (engine === undefined ? [] : [engine.describe()]));
    this.#description = joinDescriptions(loaded);
    this.#options.logger.info(facts, text);
  }

  #engineOf<Result>(name: string | undefined, run: (engine: Engine) => Promise<Result>): Promise<Result> {
    const loaded = [...this.#slots].filter(([, { engine }]) => engine !== undefined);
    const [only] = loaded;
    const found = name === undefined && loaded.length === 1 ? only?.[1].engine : this.#slots.get(name ?? '')?.engine;
    if (found !== undefined) return run(found);
    if (name !== undefined && this.#slots.has(name)) return Promise.reject(this.#notLoaded(name));
    const known = loaded.map(([each]) => each).join(', ');
    const fault = name === undefined ? (known === '' ? 'no model is loaded' : `there are several models, and none was named: name one of ${known}`) : `there is no model "${name}"; there is ${known || 'none'}`; // prettier-ignore
    return Promise.reject(new WebError(name === undefined && known === '' ? 'ModelNotLoaded' : 'RequestInvalid', `cannot score: ${fault}`)); // prettier-ignore
  }

  #notLoaded(name: string): WebError {
    const state = this.#slots.get(name)?.state ?? 'UNAVAILABLE';
    const what = state === 'UNAVAILABLE' ? 'is not loaded' : `is ${state.toLowerCase()}`;
    return new WebError('ModelNotLoaded', `the model "${name}" ${what}`, { details: { model: name, state } });
  }
}
