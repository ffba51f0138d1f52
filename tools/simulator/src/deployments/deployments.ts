import { randomInt } from 'node:crypto';
import { messageOf } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import { hubFault } from '../hub/hub-fault.ts';
import type { Hub } from '../hub/hub.ts';
import { identityText } from '../hub/identity.ts';
import type { IdentityName } from '../hub/identity.ts';
import { parseQuery } from '../hub/query/parse-query.ts';
import { ConfigurationTable } from '../state/configuration-table.ts';
import type { StateDatabase } from '../state/state-database.ts';
import type { Configuration, ConfigurationSettings } from './configuration.ts';
import { parseDeploymentContent } from './deployment-content.ts';
import { readyDeployment, settleDevice, settleModule } from './settle-deployments.ts';
import type { ReadyDeployment } from './settle-deployments.ts';
import { parseTargetCondition } from './target-condition.ts';

/** IoT Hub's limit. */
const MAX_CONFIGURATIONS = 100;
const ID_PATTERN = /^[a-z0-9\-:+%_#*?!(),=@;$']{1,128}$/;
const PAGE = 500;
/** How often one change may make the same twin be settled again: deployments can chase each other for ever. */
const MAX_ROUNDS = 10;

export interface NewConfiguration extends ConfigurationSettings {
  readonly id: string;
  readonly schemaVersion?: string;
  readonly content: Readonly<Record<string, unknown>>;
}

export interface DeploymentsOptions {
  readonly hub: Hub;
  readonly database: StateDatabase;
  readonly emit: EventSink;
}

/**
 * Automatic deployments: every device and module gets what the deployments that target it say together. It is settled anew
 * whenever a deployment, a twin or an identity changes.
 */
export class Deployments implements Disposable {
  readonly #hub: Hub;
  readonly #emit: EventSink;
  readonly #table: ConfigurationTable<Configuration>;
  readonly #subscriptions = new DisposableStack();
  #ready: ReadyDeployment[] = [];
  readonly #changed = new Map<string, IdentityName>();
  #isSettling = false;

  constructor({ hub, database, emit }: DeploymentsOptions) {
    this.#hub = hub;
    this.#emit = emit;
    this.#table = new ConfigurationTable(database);
    this.#ready = this.#table.all().map(readyDeployment);
    this.#subscriptions.use(hub.onTwin((name) => this.#note(name)));
    this.#subscriptions.use(hub.onIdentity((change) => this.#note(change)));
    this.#settleEverything();
  }

  list(): Configuration[] {
    return this.#table.all();
  }

  /** @throws SimulatorError `SimulatedDeviceNotFound` */
  get(id: string): Configuration {
    const found = this.#table.get(id);
    if (found === undefined) throw hubFault('ConfigurationNotFound', `there is no configuration "${id}"`, { id });
    return found;
  }

  /** @throws SimulatorError `SimulatedDeviceExists`, `SimulatedHubQuotaExceeded`, `SimulatorRequestInvalid` */
  create({ id, schemaVersion = '1.0', content, ...settings }: NewConfiguration): Configuration {
    this.#checkNew(id);
    const at = new Date(this.#hub.now()).toISOString();
    const made: Configuration = {
      id,
      schemaVersion,
      content,
      labels: settings.labels ?? {},
      targetCondition: settings.targetCondition ?? '',
      priority: settings.priority ?? 0,
      metricQueries: settings.metricQueries ?? {},
      createdTime: at,
      lastUpdatedTime: at,
      etag: newEtag(),
    };
    return this.#keep(made);
  }

  /** Changes labels, target condition, priority and metrics; what is not given stays. */
  update(id: string, settings: ConfigurationSettings): Configuration {
    const lastUpdatedTime = new Date(this.#hub.now()).toISOString();
    return this.#keep({ ...this.get(id), ...settings, lastUpdatedTime, etag: newEtag() });
  }

  /** Removes a deployment. Devices that no other one targets keep what they have. */
  remove(id: string): void {
    this.get(id);
    this.#table.remove(id);
    this.#reload();
  }

  [Symbol.dispose](): void {
    this.#subscriptions.dispose();
  }

  #checkNew(id: string): void {
    if (!ID_PATTERN.test(id)) {
      throw hubFault(
        'ArgumentInvalid',
        `cannot create a configuration with the id ${JSON.stringify(id)}: an id has 1 to 128 characters of a-z 0-9 - : + % _ # * ? ! ( ) , = @ ; $ '`,
        { id },
      );
    }
    if (this.#table.get(id) !== undefined) {
      throw hubFault('ConfigurationAlreadyExists', `there is a configuration "${id}" already`, { id });
    }
    if (this.#table.all().length >= MAX_CONFIGURATIONS) {
      throw hubFault('ConfigurationCountLimitExceeded', `a hub holds ${MAX_CONFIGURATIONS} configurations`, {
        id,
        limit: MAX_CONFIGURATIONS,
      });
    }
  }

  #keep(configuration: Configuration): Configuration {
    check(configuration);
    this.#table.put(configuration);
    this.#reload();
    return configuration;
  }

  #reload(): void {
    this.#ready = this.#table.all().map(readyDeployment);
    this.#settleEverything();
  }

  #settleEverything(): void {
    let after: string | undefined;
    do {
      const page = this.#hub.devices(PAGE, after);
      for (const { deviceId } of page) {
        this.#changed.set(deviceId, { deviceId });
        if (!this.#ready.some(({ target }) => target.collection === 'devices.modules')) continue;
        for (const { moduleId = '' } of this.#hub.modulesOf(deviceId)) {
          this.#changed.set(`${deviceId}/${moduleId}`, { deviceId, moduleId });
        }
      }
      after = page.length === PAGE ? page.at(-1)?.deviceId : undefined;
    } while (after !== undefined);
    this.#settle();
  }

  #note({ deviceId, moduleId }: IdentityName): void {
    if (this.#ready.length === 0) return;
    if (moduleId === undefined) this.#changed.set(deviceId, { deviceId });
    else this.#changed.set(`${deviceId}/${moduleId}`, { deviceId, moduleId });
    this.#settle();
  }

  /** Settles what has changed. What that changes in turn is noted, and settled in the same go. */
  #settle(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    const rounds = new Map<string, number>();
    for (const [key, name] of this.#changed) {
      this.#changed.delete(key);
      const round = (rounds.get(key) ?? 0) + 1;
      rounds.set(key, round);
      if (round <= MAX_ROUNDS) this.#settleOne(name);
      else if (round === MAX_ROUNDS + 1) this.#fail(name, 'they keep changing what each other target');
    }
    this.#isSettling = false;
  }

  #settleOne({ deviceId, moduleId }: IdentityName): void {
    if (this.#hub.identity(deviceId, moduleId) === undefined) return;
    try {
      if (moduleId === undefined) settleDevice(this.#hub, deviceId, this.#ready);
      else settleModule(this.#hub, { deviceId, moduleId }, this.#ready);
    } catch (error) {
      this.#fail({ deviceId, ...(moduleId !== undefined && { moduleId }) }, messageOf(error));
    }
  }

  #fail(name: IdentityName, reason: string): void {
    const text = `the deployments for ${identityText(name)} cannot be applied: ${reason}`;
    this.#emit({ stage: 'simulator.deployment', state: 'failed', text, data: { ...name } });
  }
}

/** @throws SimulatorError `SimulatorRequestInvalid` that says which part is wrong */
function check(configuration: Configuration): void {
  const { kind } = parseDeploymentContent(configuration.content);
  const { collection } = parseTargetCondition(configuration.targetCondition);
  const isForModules = kind === 'module';
  if (configuration.targetCondition !== '' && (collection === 'devices.modules') !== isForModules) {
    throw hubFault(
      'ArgumentInvalid',
      `the target condition of "${configuration.id}" is about ${collection}, its content is for ${isForModules ? 'modules' : 'devices'}`,
      { id: configuration.id },
    );
  }
  for (const query of Object.values(configuration.metricQueries)) parseQuery(query);
}

function newEtag(): string {
  return Buffer.from(String(randomInt(10_000_000, 999_999_999))).toString('base64');
}
