import type { EventSink } from '@edgewright/contract';
import type { IConnectPacket } from 'mqtt-packet';
import type { Hub } from '../hub/hub.ts';
import { identityText } from '../hub/identity.ts';
import type { IssuedCertificate } from '../workload/certificate-issuer.ts';
import { authenticateClient } from './client-authentication.ts';
import type { Authentication, ClientCertificate } from './client-authentication.ts';
import { ClientConnection } from './client-connection.ts';
import { ClientDirectory } from './client-directory.ts';
import { EdgeHubConfiguration } from './edge-hub-configuration.ts';
import { EdgeHubDatabase } from './edge-hub-database.ts';
import { EdgeHubMetrics } from './edge-hub-metrics.ts';
import { EdgeHubReport } from './edge-hub-report.ts';
import { edgeHubTimings } from './edge-hub-timings.ts';
import type { EdgeHubTimings } from './edge-hub-timings.ts';
import { MessageStore } from './message-store.ts';
import { MethodBridge } from './method-bridge.ts';
import { MqttListener } from './mqtt-listener.ts';
import { Router } from './router.ts';
import { SessionStore } from './session-store.ts';
import { TwinRequests } from './twin-requests.ts';
import { TwinService } from './twin-service.ts';

/** How many clients the real edgeHub serves (`MaxConnectedClients`). */
const MAX_CONNECTED_CLIENTS = 100;

export interface EdgeHubOptions {
  readonly hub: Hub;
  /** The edge device that it belongs to. */
  readonly deviceId: string;
  /** The address to listen on. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** The name by which clients reach it, without the port. */
  readonly gatewayHostName: string;
  readonly certificate: IssuedCertificate;
  /** PEM of the authorities whose client certificates count. */
  readonly trustBundle: string;
  /** Queues, sessions and copies of twins are kept here. */
  readonly stateDirectory: string;
  readonly timings?: Partial<EdgeHubTimings>;
  /** Default 100. */
  readonly maxConnectedClients?: number;
  readonly emit: EventSink;
}

/** What edgeHub consists of. Each part gets what it needs of the ones before it. */
interface Parts {
  readonly timings: EdgeHubTimings;
  readonly database: EdgeHubDatabase;
  readonly clients: ClientDirectory;
  readonly metrics: EdgeHubMetrics;
  readonly router: Router;
  readonly twins: TwinService;
  readonly methods: MethodBridge;
  readonly configuration: EdgeHubConfiguration;
}

/** A running edgeHub: MQTT over TLS for the modules and leaf devices of one edge device. */
export class EdgeHub implements AsyncDisposable {
  readonly #options: EdgeHubOptions;
  readonly #listener: MqttListener;
  readonly #parts: Parts;
  readonly #opened: AsyncDisposableStack;
  #isOnline = true;
  #offlineSince = 0;

  private constructor(
    options: EdgeHubOptions,
    opened: AsyncDisposableStack,
    parts: Parts & { listener: MqttListener },
  ) {
    this.#options = options;
    this.#listener = parts.listener;
    this.#parts = parts;
    this.#opened = opened;
    opened.use(options.hub.onIdentity((change) => this.#identityChanged(identityText(change))));
    this.#watchClients();
    this.#acceptClients();
  }

  /**
   * Opens the queues and listens.
   *
   * @throws SimulatorError `SimulatorPortInUse`, `SimulatorFailed`
   */
  static async start(options: EdgeHubOptions): Promise<EdgeHub> {
    await using opened = new AsyncDisposableStack();
    const database = opened.use(await EdgeHubDatabase.open(options.stateDirectory));
    const listener = opened.use(await MqttListener.open(options));
    const parts = openParts(options, database, opened);
    return new EdgeHub(options, opened.move(), { ...parts, listener });
  }

  get port(): number {
    return this.#listener.port;
  }

  /** False while the device is cut off from the hub. */
  get isOnline(): boolean {
    return this.#isOnline;
  }

  /** The names of the clients that are connected, `device` or `device/module`. */
  get connectedClients(): string[] {
    return this.#parts.clients.all().map((client) => client.name);
  }

  /** The metrics in Prometheus' text format. */
  async metrics(): Promise<string> {
    return this.#parts.metrics.registry.metrics();
  }

  /** Cuts the device off from the hub, or connects it again. Clients notice nothing but what they are no longer told. */
  setOnline(isOnline: boolean): void {
    if (isOnline === this.#isOnline) return;
    this.#isOnline = isOnline;
    const { router, twins, methods, configuration, clients, metrics } = this.#parts;
    const { hub, deviceId } = this.#options;
    for (const part of [twins, methods, router, configuration]) part.setOnline(isOnline);
    for (const { identity } of clients.all()) {
      hub.setConnectionState(identity.deviceId, identity.moduleId, isOnline ? 'Connected' : 'Disconnected');
    }
    if (isOnline) metrics.cameOnline(deviceId, hub.now() - this.#offlineSince);
    else {
      metrics.wentOffline(deviceId);
      this.#offlineSince = hub.now();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#parts.clients.all()) client.disconnect('edgeHub ends');
    await this.#opened.disposeAsync();
  }

  #acceptClients(): void {
    const { hub, deviceId, emit } = this.#options;
    const { database, clients, router, twins, metrics, timings } = this.#parts;
    const sessions = new SessionStore(database);
    const requests = new TwinRequests({ twins, router, metrics, deviceId, now: hub.now, emit });
    this.#listener.onClient((socket, certificate) => {
      void new ClientConnection(socket, {
        clients,
        sessions,
        timings,
        now: hub.now,
        emit,
        authenticate: (packet) => this.#authenticate(packet, certificate),
        takeMessage: (message) => router.take(message),
        getTwin: (client) => requests.get(client),
        patchReported: (client, payload) => requests.patchReported(client, payload),
        refused: (name, reason) => this.#refused(name, reason),
      });
    });
  }

  #watchClients(): void {
    const { hub } = this.#options;
    const { clients, metrics } = this.#parts;
    clients.listen({
      connected: ({ name, identity }) => {
        metrics.connected(name);
        if (this.#isOnline) hub.setConnectionState(identity.deviceId, identity.moduleId, 'Connected');
      },
      disconnected: ({ name, identity }) => {
        metrics.disconnected(name);
        hub.setConnectionState(identity.deviceId, identity.moduleId, 'Disconnected');
      },
    });
  }

  #authenticate(packet: IConnectPacket, certificate: ClientCertificate | undefined): Authentication {
    const { hub, deviceId, gatewayHostName, maxConnectedClients = MAX_CONNECTED_CLIENTS } = this.#options;
    const { clients } = this.#parts;
    if (clients.size >= maxConnectedClients && clients.get(packet.clientId) === undefined) {
      return { ok: false, returnCode: 3, reason: `edgeHub serves at most ${maxConnectedClients} clients` };
    }
    const gatewayHostNames = [gatewayHostName, `${gatewayHostName}:${this.port}`];
    return authenticateClient(packet, certificate, { hub, deviceId, gatewayHostNames });
  }

  #refused(client: string, reason: string): void {
    this.#parts.metrics.refused(client, 'not_authenticated');
    this.#options.emit({
      stage: 'edgehub.client.refused',
      state: 'failed',
      text: `Turned away ${client}: ${reason}`,
      data: { client, reason },
    });
  }

  /** A client whose identity is gone or disabled has to go as well. */
  #identityChanged(name: string): void {
    const client = this.#parts.clients.get(name);
    if (client === undefined) return;
    const identity = this.#options.hub.identity(client.identity.deviceId, client.identity.moduleId);
    if (identity?.status !== 'enabled' || identity.generationId !== client.identity.generationId) {
      client.disconnect('its identity was removed or disabled');
    }
  }
}

function openParts(options: EdgeHubOptions, database: EdgeHubDatabase, opened: AsyncDisposableStack): Parts {
  const { hub, deviceId, emit } = options;
  const timings = { ...edgeHubTimings, ...options.timings };
  const clients = new ClientDirectory();
  const store: MessageStore = new MessageStore({
    database,
    now: hub.now,
    onStored: (endpoints) => router.stored(endpoints),
  });
  const names = { hubHostName: hub.hostName, deviceId };
  const metrics = new EdgeHubMetrics(names, { store, connectedClients: () => clients.size });
  const router = opened.use(new Router({ hub, deviceId, store, clients, metrics, timings, now: hub.now, emit }));
  const twins = new TwinService({ hub, deviceId, database, clients });
  const methods = new MethodBridge({ hub, clients, metrics, settleMs: timings.methodSettleMs });
  const report = new EdgeHubReport({
    clients,
    now: hub.now,
    report: (patch) => {
      // clients are still leaving when the device itself has been removed
      if (hub.identity(deviceId, '$edgeHub') !== undefined) twins.report({ deviceId, moduleId: '$edgeHub' }, patch);
    },
  });
  const configuration = opened.use(new EdgeHubConfiguration({ hub, deviceId, database, router, report, emit }));
  return { timings, database, clients, metrics, router, twins, methods, configuration };
}
