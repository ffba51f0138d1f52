import { setTimeout as sleep } from 'node:timers/promises';
import azureIotDevice from 'azure-iot-device';
import { AcknowledgementSwitch } from './acknowledgement/acknowledgement-switch.ts';
import type { EdgeModuleOptions } from './edge-module-options.ts';
import { DriftOutlet } from './drift-outlet.ts';
import { EdgeError } from './edge-error.ts';
import { defaultEdgeSettings } from './edge-settings.ts';
import type { EdgeSettings } from './edge-settings.ts';
import { CloudEndpoint } from './fallback/cloud-endpoint.ts';
import { CloudFallback } from './fallback/cloud-fallback.ts';
import { createFallbackOutlet } from './fallback/fallback-outlet.ts';
import { readFallbackSettings } from './fallback/fallback-settings.ts';
import { HubLink } from './hub/hub-link.ts';
import type { HubSession } from './hub/hub-session.ts';
import { EdgeCounters } from './messages/edge-counters.ts';
import { MessageHandler } from './messages/message-handler.ts';
import { MessageIntake } from './messages/message-intake.ts';
import { MessageScorer } from './messages/message-scorer.ts';
import { DirectMethods } from './methods/direct-methods.ts';
import { UpdatePause } from './methods/update-pause.ts';
import { ModelUpdater } from './model-update/model-updater.ts';
import { wantedModel, wantedShadow } from './model-update/wanted-model.ts';
import { ModuleStatus } from './module-status.ts';
import { requestsAtOnce } from './requests-at-once.ts';
import { readScorerSettings } from './scorer-settings.ts';
import type { ScorerSettings } from './scorer-settings.ts';
import { ShadowModel } from './shadow/shadow-model.ts';
import { SettingsSync } from './twin/settings-sync.ts';
import { DeviceTuning } from './tuning/device-tuning.ts';
import { TwinReporter } from './twin/twin-reporter.ts';

/** The last report of a closing module may take this long. */
const LAST_REPORT_MS = 1_000;
/** Work that was told to end gets this long to do so. */
const RELEASE_MS = 1_000;

/**
 * The parts of the edge host, tied together. The way of a message: `link` → `intake` → `acknowledgement` → `handler` (which asks
 * the scorer for outputs) → `link`. Settings come through `sync`, reports leave through `reporter`.
 */
export class EdgeModule implements AsyncDisposable {
  readonly #options: EdgeModuleOptions;
  readonly #edgeSettings: EdgeSettings;
  readonly #counters: EdgeCounters;
  readonly #status: ModuleStatus;
  readonly #updater: ModelUpdater;
  readonly #shadow: ShadowModel;
  readonly #pause: UpdatePause;
  readonly #tuning: DeviceTuning;
  readonly #fallback: CloudFallback;
  readonly #drift: DriftOutlet;
  readonly #handler: MessageHandler;
  readonly #link: HubLink;
  readonly #acknowledgement: AcknowledgementSwitch;
  readonly #intake: MessageIntake;
  readonly #methods: DirectMethods;
  readonly #sync: SettingsSync;
  readonly #reporter: TwinReporter;
  readonly #drained = new AbortController();
  readonly #startLevel: string;
  #settings: ScorerSettings = readScorerSettings({});

  constructor(options: EdgeModuleOptions) {
    const { engine, logger, metrics, models, tracing } = options;
    this.#options = options;
    this.#edgeSettings = { ...defaultEdgeSettings, ...options.settings };
    this.#startLevel = logger.level;
    this.#counters = new EdgeCounters(metrics);
    const changed = (): void => this.#reporter.changed();
    this.#updater = new ModelUpdater({ slot: models, engine, logger, tracing, changed });
    const startEngine = options.startShadowEngine;
    this.#shadow = new ShadowModel({ slot: models, startEngine, metrics, logger, tracing, changed });
    this.#pause = new UpdatePause({
      intake: () => this.#intake,
      journaled: () => this.#acknowledgement.journaled,
      changed,
      logger,
    });
    this.#tuning = new DeviceTuning({
      tune: options.tune,
      pause: this.#pause,
      concurrency: () => requestsAtOnce(this.#settings),
      changed,
      logger,
    });
    this.#status = this.#createStatus();
    this.#link = this.#createLink();
    this.#fallback = this.#createFallback();
    this.#drift = this.#createDriftOutlet(changed);
    this.#handler = this.#createHandler();
    this.#acknowledgement = new AcknowledgementSwitch({
      handler: this.#handler,
      counters: this.#counters,
      logger,
      stateDirectory: options.stateDirectory,
      journalSettings: () => this.#settings.journal,
    });
    this.#intake = new MessageIntake({
      acknowledgement: () => this.#acknowledgement.current,
      concurrency: () => this.#settings.limits.concurrency,
      counters: this.#counters,
      stampsArrival: options.tracing !== undefined,
    });
    this.#methods = new DirectMethods({
      engine,
      logger,
      updater: this.#updater,
      pause: this.#pause,
      tuning: this.#tuning,
      scoreTimeoutMs: () => this.#settings.limits.timeoutMs,
      status: () => this.#status.snapshot(),
    });
    this.#sync = this.#createSync();
    this.#reporter = new TwinReporter({
      snapshot: () => this.#status.snapshot(),
      intervalMs: () => this.#settings.reportIntervalSeconds * 1000,
      logger,
    });
  }

  /**
   * Scores what comes, until the signal fires.
   *
   * @throws EdgeError `HubUnreachable`
   */
  async run(signal: AbortSignal): Promise<void> {
    this.#options.health?.set('edgeHub', 'there was no session yet');
    // what a former process left in the journal is not to wait for the twin
    await this.#acknowledgement.select(this.#settings.acknowledgement);
    await this.#link.run(signal);
  }

  /** Stops intake, gives what is under way its time, reports for the last time, and says goodbye. */
  async [Symbol.asyncDispose](): Promise<void> {
    await within(this.#tuning[Symbol.asyncDispose](), RELEASE_MS);
    this.#pause[Symbol.dispose]();
    this.#drift[Symbol.dispose]();
    this.#acknowledgement.hold();
    const idle = this.#intake.close();
    await within(idle, this.#edgeSettings.drainMs);
    this.#drained.abort();
    await within(idle, RELEASE_MS);
    this.#status.enter('stopped');
    await within(this.#reporter.flush(), LAST_REPORT_MS);
    this.#reporter[Symbol.dispose]();
    this.#sync[Symbol.dispose]();
    await within(this.#acknowledgement[Symbol.asyncDispose](), RELEASE_MS);
    await within(this.#fallback[Symbol.asyncDispose](), RELEASE_MS);
    await within(this.#shadow[Symbol.asyncDispose](), RELEASE_MS);
    await within(this.#updater[Symbol.asyncDispose](), RELEASE_MS);
    await this.#link[Symbol.asyncDispose]();
  }

  #createStatus(): ModuleStatus {
    const { engine, models } = this.#options;
    return new ModuleStatus({
      engine,
      digest: () => models.digestOf(engine.describe()),
      update: () => this.#updater.status,
      shadow: () => this.#shadow.status,
      fallback: () => this.#fallback.status,
      drift: () => this.#options.drift?.report() ?? null,
      collection: () => this.#options.collection?.status() ?? null,
      tuning: () => this.#tuning.status,
      counters: this.#counters,
      pause: this.#pause,
    });
  }

  #createLink(): HubLink {
    return new HubLink({
      createClient:
        this.#options.createClient ?? ((transport) => azureIotDevice.ModuleClient.fromEnvironment(transport)),
      settings: this.#edgeSettings,
      logger: this.#options.logger,
      events: {
        delivered: (delivery) => this.#intake.deliver(delivery),
        desiredChanged: (patch) => this.#sync.changed(patch),
        methodCalled: (call) =>
          void this.#methods.call(call, (code, payload) => this.#link.session?.respond(call.requestId, code, payload)),
      },
      opened: (session) => void this.#onOpened(session),
      ended: (reason) => {
        this.#options.health?.set('edgeHub', reason);
        this.#reporter.detach();
        this.#sync.detach();
        this.#intake.hold();
        this.#acknowledgement.hold();
        this.#fallback.hold();
        this.#drift.hold();
      },
    });
  }

  #createFallback(): CloudFallback {
    const { fallbackKey, stateDirectory, metrics, logger, tracing } = this.#options;
    return new CloudFallback({
      endpoint: new CloudEndpoint(async () => fallbackKey?.(), tracing),
      outlet: createFallbackOutlet(
        () => this.#handler,
        (inputName) => this.#settings.outputsOf(inputName),
      ),
      stateDirectory,
      metrics,
      logger,
    });
  }

  #createDriftOutlet(changed: () => void): DriftOutlet {
    const { drift: watch, logger } = this.#options;
    const output = (): string | undefined => this.#settings.drift.output;
    return new DriftOutlet({ watch, outbox: this.#link, output, changed, logger });
  }

  #createHandler(): MessageHandler {
    const { engine, logger, scoringMetrics } = this.#options;
    const scorer = new MessageScorer({
      engine,
      observer: {
        scored: (result, data) => {
          this.#updater.scored(result.engine, result.timings.runMs);
          this.#shadow.offer(data, result);
        },
        failed: () => this.#updater.failed(),
      },
      fallback: this.#fallback,
      settings: () => this.#settings,
      counters: this.#counters,
      scoringMetrics,
      logger,
    });
    return new MessageHandler({
      scorer,
      outbox: this.#link,
      counters: this.#counters,
      logger,
      tracing: this.#options.tracing,
      signal: this.#drained.signal,
      onRejected: (error) => this.#status.failed(error),
    });
  }

  #createSync(): SettingsSync {
    return new SettingsSync({
      logger: this.#options.logger,
      apply: (settings) => this.#apply(settings),
      applied: (version) => {
        this.#status.settingsApplied(version);
        this.#reporter.changed();
      },
      refused: (version, error) => {
        this.#status.settingsRefused(version, error);
        this.#reporter.changed();
      },
    });
  }

  /** Messages wait until the settings are known, because these say where outputs go. */
  async #onOpened(session: HubSession): Promise<void> {
    this.#counters.connected();
    this.#options.health?.set('edgeHub', undefined);
    await this.#sync.attach(session);
    if (this.#link.session !== session || this.#drained.signal.aborted) return;
    this.#status.enter('running');
    this.#reporter.attach(session);
    this.#acknowledgement.ready();
    this.#fallback.ready();
    this.#drift.ready();
    this.#intake.open();
  }

  async #apply(settings: ScorerSettings): Promise<void> {
    const { models, stateDirectory, fallbackKey, collection } = this.#options;
    const model = settings.model === undefined ? undefined : wantedModel(settings.model, models);
    const shadow = wantedShadow(settings, models);
    const has = { stateDirectory: stateDirectory !== undefined, key: fallbackKey !== undefined };
    const fallback = readFallbackSettings(settings.fallback, has);
    if (settings.collection !== undefined && collection === undefined) {
      throw new EdgeError('SettingsInvalid', 'collection: this module was started without a collector of model data');
    }
    await collection?.configure(settings.collection);
    await this.#acknowledgement.select(settings.acknowledgement);
    try {
      await this.#updater.reconfigure(settings.engine);
    } catch (error) {
      await this.#acknowledgement.select(this.#settings.acknowledgement);
      throw error;
    }
    this.#options.logger.level = settings.logLevel ?? this.#startLevel;
    this.#settings = settings;
    await this.#fallback.configure(fallback);
    this.#options.drift?.configure(settings.drift);
    this.#updater.want(model, settings.modelGate);
    this.#shadow.want(shadow);
  }
}

async function within(promise: Promise<void>, milliseconds: number): Promise<void> {
  await Promise.race([promise, sleep(milliseconds, undefined, { ref: false })]);
}
