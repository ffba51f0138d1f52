import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProgressEvent } from '@edgewright/contract';
import { ModuleClient } from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';
import { onTestFinished } from 'vitest';
import { CertificateAuthority } from '../src/certificates/certificate-authority.ts';
import { EdgeHub } from '../src/edgehub/edge-hub.ts';
import type { EdgeHubTimings } from '../src/edgehub/edge-hub-timings.ts';
import { Hub } from '../src/hub/hub.ts';
import { createSharedAccessSignature } from '../src/hub/shared-access-signature.ts';
import type { TelemetryRecord } from '../src/hub/telemetry-record.ts';
import { StateDatabase } from '../src/state/state-database.ts';
import { MqttProbe } from './mqtt-probe.ts';
import type { ProbeOptions } from './mqtt-probe.ts';

export const DEVICE = 'edge-1';

export interface FixtureOptions {
  readonly modules?: readonly string[];
  readonly routes?: Readonly<Record<string, unknown>>;
  readonly timeToLiveSecs?: number;
  readonly maxStoreBytes?: number;
  readonly timings?: Partial<EdgeHubTimings>;
  readonly maxConnectedClients?: number;
  readonly now?: () => number;
  /** Where edgeHub listens, and its name; default 127.0.0.1. */
  readonly host?: string;
  readonly httpsPort?: number;
  /** `deployment`: as its env says; else 2 s. */
  readonly ackTimeout?: 'deployment';
}

/** A hub with one edge device, whose edgeHub runs and can be stopped and started again. Cleans up after the test. */
export class EdgeHubFixture {
  readonly hub: Hub;
  readonly authority: CertificateAuthority;
  readonly directory: string;
  readonly events: ProgressEvent[] = [];
  readonly #options: FixtureOptions;
  #edgeHub: EdgeHub | undefined;
  #port = 0;

  private constructor(parts: Pick<EdgeHubFixture, 'hub' | 'authority' | 'directory'>, options: FixtureOptions) {
    this.hub = parts.hub;
    this.authority = parts.authority;
    this.directory = parts.directory;
    this.#options = options;
  }

  static async start(options: FixtureOptions = {}): Promise<EdgeHubFixture> {
    const directory = await mkdtemp(path.join(tmpdir(), 'edgewright-edgehub-'));
    const database = StateDatabase.open(path.join(directory, 'hub'));
    const hub = new Hub({ hostName: 'hub.test', database, ...(options.now !== undefined && { now: options.now }) });
    const authority = await CertificateAuthority.open(directory);
    const fixture = new EdgeHubFixture({ hub, authority, directory }, options);
    onTestFinished(async () => {
      await fixture.stop();
      database[Symbol.dispose]();
      await rm(directory, { recursive: true, force: true });
    });
    hub.createDevice({ deviceId: DEVICE, edge: true });
    for (const moduleId of options.modules ?? []) hub.createModule({ deviceId: DEVICE, moduleId });
    fixture.configure(options.routes ?? { up: 'FROM /messages/* INTO $upstream' });
    await fixture.resume();
    return fixture;
  }

  get edgeHub(): EdgeHub {
    if (this.#edgeHub === undefined) throw new TypeError('edgeHub is stopped');
    return this.#edgeHub;
  }

  configure(routes: Readonly<Record<string, unknown>>): void {
    const { timeToLiveSecs = 7200, maxStoreBytes } = this.#options;
    const storeLimits = maxStoreBytes === undefined ? {} : { storeLimits: { maxSizeBytes: maxStoreBytes } };
    this.hub.replaceTwin(
      { deviceId: DEVICE, moduleId: '$edgeHub' },
      {
        desired: {
          schemaVersion: '1.1',
          routes,
          storeAndForwardConfiguration: { timeToLiveSecs, ...storeLimits },
        },
      },
    );
  }

  async stop(): Promise<void> {
    await this.#edgeHub?.[Symbol.asyncDispose]();
    this.#edgeHub = undefined;
  }

  /** Starts edgeHub, on the same port as before. */
  async resume(): Promise<void> {
    const certificate = await this.authority.issue({
      commonName: 'localhost',
      purpose: 'server',
      alternativeNames: ['localhost', '127.0.0.1', ...(this.#options.host === undefined ? [] : [this.#options.host])],
    });
    const { timings, maxConnectedClients, host = '127.0.0.1', httpsPort } = this.#options;
    this.#edgeHub = await EdgeHub.start({
      hub: this.hub,
      deviceId: DEVICE,
      host,
      port: this.#port,
      gatewayHostName: this.#options.host ?? 'localhost',
      ...(httpsPort !== undefined && { httpsPort }),
      certificate,
      trustBundle: this.authority.trustBundle,
      stateDirectory: path.join(this.directory, 'edgehub'),
      timings: {
        retryMinimumMs: 100,
        retryDeltaMs: 50,
        retryMaximumMs: 500,
        ...(this.#options.ackTimeout === 'deployment' ? {} : { ackTimeoutMs: 2000 }),
        ...timings,
      },
      ...(maxConnectedClients !== undefined && { maxConnectedClients }),
      emit: (event) => this.events.push(event),
    });
    this.#port = this.#edgeHub.port;
  }

  token(moduleId: string | undefined, expiresAt = Math.floor(this.hub.now() / 1000) + 3600): string {
    const audience = `${this.hub.hostName}/devices/${DEVICE}${moduleId === undefined ? '' : `/modules/${moduleId}`}`;
    return createSharedAccessSignature(audience, this.hub.requireIdentity(DEVICE, moduleId).primaryKey, { expiresAt });
  }

  /** The CONNECT that an SDK sends for a module. */
  connectOptions(moduleId: string, options: Partial<ProbeOptions> = {}): ProbeOptions {
    return {
      port: this.#port,
      ca: this.authority.trustBundle,
      clientId: `${DEVICE}/${moduleId}`,
      username: `${this.hub.hostName}/${DEVICE}/${moduleId}/?api-version=2021-04-12&DeviceClientType=probe`,
      password: this.token(moduleId),
      clean: false,
      ...options,
    };
  }

  /** A client that sends and takes single MQTT packets, connected. */
  async probe(moduleId: string, options: Partial<ProbeOptions> = {}): Promise<MqttProbe> {
    const probe = await MqttProbe.open(this.connectOptions(moduleId, options));
    await probe.next('connack');
    return probe;
  }

  /** An unmodified Azure client, open. */
  async sdkClient(moduleId: string, prepare: (client: ModuleClient) => void = () => {}): Promise<ModuleClient> {
    const { primaryKey } = this.hub.requireIdentity(DEVICE, moduleId);
    const client = ModuleClient.fromConnectionString(
      `HostName=${this.hub.hostName};DeviceId=${DEVICE};ModuleId=${moduleId};SharedAccessKey=${primaryKey};GatewayHostName=localhost:${this.#port}`,
      Mqtt,
    );
    await client.setOptions({ ca: this.authority.trustBundle });
    prepare(client);
    await client.open();
    onTestFinished(async () => {
      await client.close().catch(() => {});
    });
    return client;
  }

  /** Everything that the hub has got so far, or will have got once there are `count` messages. */
  async telemetry(count: number, timeoutMs = 30_000): Promise<TelemetryRecord[]> {
    const records: TelemetryRecord[] = [];
    const signal = AbortSignal.timeout(timeoutMs);
    for await (const record of this.hub.telemetry({ afterSequenceNumber: 0 }, signal)) {
      records.push(record);
      if (records.length >= count) break;
    }
    return records;
  }

  /** Resolves when edgeHub has noticed that a module is gone. */
  async edgeHubLost(moduleId: string): Promise<void> {
    await this.until(async () => !this.edgeHub.connectedClients.includes(`${DEVICE}/${moduleId}`));
  }

  /** Waits until a condition holds. Ends the test when it does not in time. */
  async until(condition: () => Promise<boolean>, timeoutMs = 30_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new TypeError(`waited in vain until ${condition.toString()}`);
      await delay(10);
    }
  }

  /** One value of edgeHub's metrics, 0 when it was never counted. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const text = await this.edgeHub.metrics();
    const line = text
      .split('\n')
      .find(
        (candidate) =>
          candidate.startsWith(`${name}{`) &&
          Object.entries(labels).every(([label, value]) => candidate.includes(`${label}="${value}"`)),
      );
    return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ') + 1));
  }
}
