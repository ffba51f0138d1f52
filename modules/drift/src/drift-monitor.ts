import { completeDriftSettings, messageOf } from '@edgewright/contract';
import type { DriftBaseline, DriftEvent, DriftReport, DriftSettings, DriftSettingsInput } from '@edgewright/contract';
import type { EngineObserver, ScoringObservation } from '@edgewright/engine';
import type { Logger, Metrics } from '@edgewright/telemetry';
import { DriftMetrics } from './drift-metrics.ts';
import { ModelDrift } from './model-drift.ts';
import type { SidedFinding } from './model-drift.ts';
import { rowsOfJson, rowsOfTensors } from './row-view.ts';
import type { RowView } from './row-view.ts';

/** Requests that may wait to be looked at; one more is passed over. */
const MAX_WAITING = 256;
/** Rows of one request that are looked at, evenly. */
const MAX_ROWS = 1000;
/** So long at a stretch others of this thread wait at most, give or take one request. */
const SLICE_MS = 2;
/** Findings in a log line and an event. */
const MAX_FINDINGS = 100;

export interface DriftMonitorOptions {
  /** The baseline of a model; undefined when it has none. Asked once for each version. */
  readonly baselineOf: (model: {
    readonly name: string;
    readonly version: number;
  }) => Promise<DriftBaseline | undefined>;
  /** As the program was started. */
  readonly settings: DriftSettingsInput;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Sees the events of drift. Must not throw. */
export type DriftListener = (event: DriftEvent) => void;

/**
 * Compares what an engine scores with the baseline of its model. It looks at requests after they were answered, in slices between
 * other work, and passes over what is too much; nothing that goes wrong in it reaches a request.
 */
export class DriftMonitor implements EngineObserver {
  readonly #options: DriftMonitorOptions;
  readonly #metrics: DriftMetrics;
  readonly #waiting: ScoringObservation[] = [];
  /** By `NAME:VERSION`; null for a model without a baseline. */
  readonly #models = new Map<string, Promise<ModelDrift | null>>();
  readonly #listeners = new Set<DriftListener>();
  #settings: DriftSettings;
  #working: Promise<void> | undefined;
  #seen = 0;
  #unread = 0;
  #active: ModelDrift | undefined;

  constructor(options: DriftMonitorOptions) {
    this.#options = options;
    this.#settings = completeDriftSettings(options.settings);
    this.#metrics = new DriftMetrics(options.metrics);
  }

  /** Puts settings before those of the start. What changes them begins with an empty window. */
  configure(given: DriftSettingsInput): void {
    const settings = completeDriftSettings({ ...this.#options.settings, ...given });
    if (JSON.stringify(settings) === JSON.stringify(this.#settings)) return;
    this.#settings = settings;
    this.#forget();
  }

  /** @returns what ends listening */
  listen(listener: DriftListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** How the model that scored last does; null when it has no baseline. */
  report(): DriftReport | null {
    return this.#active?.report(this.#unread) ?? null;
  }

  wants(): boolean {
    return this.#settings.enabled && this.#waiting.length < MAX_WAITING;
  }

  scored(observation: ScoringObservation): void {
    if (!this.#settings.enabled || !this.#isSampled()) return;
    if (this.#waiting.length >= MAX_WAITING) {
      this.#passOver('busy');
      return;
    }
    this.#waiting.push(observation);
    this.#working ??= this.#work();
  }

  /** Waits until all that was scored so far has been looked at. */
  async settled(): Promise<void> {
    await this.#working;
  }

  /** Evenly: of four in ten, the 3rd, 5th, 8th and 10th. */
  #isSampled(): boolean {
    const { sampleRate } = this.#settings;
    this.#seen += 1;
    return Math.floor(this.#seen * sampleRate) > Math.floor((this.#seen - 1) * sampleRate);
  }

  async #work(): Promise<void> {
    await nextTurn();
    let since = performance.now();
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        await this.#look(next);
      } catch (error) {
        this.#passOver('unlike');
        this.#options.logger.debug({ event: 'drift.failed', reason: messageOf(error) }, 'a request is not looked at');
      }
      if (performance.now() - since < SLICE_MS) continue;
      await nextTurn();
      since = performance.now();
    }
    this.#working = undefined;
  }

  async #look(observation: ScoringObservation): Promise<void> {
    const { models } = observation.engine;
    const model = models.find(({ name }) => name === observation.model) ?? models[0];
    if (model === undefined) return;
    const drift = await this.#driftOf(model);
    if (drift === null) return;
    const { input, output, at } = observation;
    const inputs = 'tensors' in input ? rowsOfTensors(input.tensors, MAX_ROWS) : rowsOfJson(input.data, MAX_ROWS);
    const outputs = 'tensors' in output ? rowsOfTensors(output.tensors, MAX_ROWS) : rowsOfJson(output.value, MAX_ROWS);
    const isKnown = [this.#compare(drift, { side: 'input', rows: inputs, at }), this.#compare(drift, { side: 'output', rows: outputs, at })]; // prettier-ignore
    if (!isKnown.includes(true)) this.#passOver('unlike');
  }

  #compare(
    drift: ModelDrift,
    {
      side,
      rows,
      at,
    }: { readonly side: 'input' | 'output'; readonly rows: readonly RowView[] | undefined; readonly at: number },
  ): boolean {
    if (rows === undefined || !drift.knows(side, rows)) return false;
    const change = drift.observe(side, rows, at);
    if (change === undefined) return true;
    this.#metrics.show(drift);
    this.#tell('driftBegan', drift, { findings: change.began, at });
    this.#tell('driftEnded', drift, { findings: change.ended, at });
    return true;
  }

  #tell(
    event: DriftEvent['event'],
    drift: ModelDrift,
    { findings, at }: { readonly findings: readonly SidedFinding[]; readonly at: number },
  ): void {
    const [first] = findings;
    if (first === undefined) return;
    const model = { name: drift.name, version: drift.version };
    const facts = {
      model: `${drift.name}:${drift.version}`,
      rows: drift.rows,
      findings: findings.slice(0, MAX_FINDINGS),
    };
    const others = findings.length > 1 ? ` and ${findings.length - 1} more` : '';
    const figure = `${first.measure} of the ${first.side} "${first.feature}" is ${first.value.toFixed(3)}, limit ${first.limit}${others}`;
    if (event === 'driftBegan') {
      for (const { measure } of findings) this.#metrics.alarm(drift, measure);
      this.#options.logger.warn({ event: 'drift.began', ...facts }, `drift: ${figure}`);
    } else this.#options.logger.info({ event: 'drift.ended', ...facts }, `drift has ended: ${figure}`);
    for (const listener of this.#listeners) {
      listener({
        schemaVersion: '1.0',
        event,
        model,
        at: new Date(at).toISOString(),
        rows: facts.rows,
        findings: [...facts.findings],
      });
    }
  }

  /** The state of a model; that of models which scored before it is given up. */
  async #driftOf(model: { readonly name: string; readonly version: number }): Promise<ModelDrift | null> {
    const key = `${model.name}:${model.version}`;
    const known = this.#models.get(key);
    if (known !== undefined) return known;
    const others = [...this.#models.keys()].filter((each) => each.startsWith(`${model.name}:`));
    for (const other of others) this.#models.delete(other);
    if (others.length > 0) this.#metrics.clear();
    const loading = this.#load(model);
    this.#models.set(key, loading);
    return loading;
  }

  async #load(model: { readonly name: string; readonly version: number }): Promise<ModelDrift | null> {
    const name = `${model.name}:${model.version}`;
    try {
      const baseline = await this.#options.baselineOf(model);
      if (baseline === undefined) return this.#activate(model.name, undefined);
      const { inputs, outputs } = baseline;
      this.#options.logger.info({ event: 'drift.watched', model: name, inputs: inputs.length, outputs: outputs.length }, 'live data are compared with the baseline'); // prettier-ignore
      return this.#activate(model.name, new ModelDrift({ name: model.name, version: String(model.version) }, baseline, this.#settings)); // prettier-ignore
    } catch (error) {
      this.#options.logger.warn({ event: 'drift.unwatched', model: name, reason: messageOf(error) }, 'the baseline cannot be read: drift is not watched'); // prettier-ignore
      return this.#activate(model.name, undefined);
    }
  }

  #activate(name: string, drift: ModelDrift | undefined): ModelDrift | null {
    if (drift !== undefined || this.#active?.name === name) this.#active = drift;
    return drift ?? null;
  }

  #forget(): void {
    this.#models.clear();
    this.#metrics.clear();
    this.#active = undefined;
    this.#unread = 0;
  }

  #passOver(reason: 'busy' | 'unlike'): void {
    this.#unread += 1;
    this.#metrics.unread(reason);
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
