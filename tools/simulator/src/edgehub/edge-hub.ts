import type { IConnectPacket } from 'mqtt-packet';
import { identityText } from '../hub/identity.ts';
import { authenticateClient } from './client-authentication.ts';
import type { Authentication, ClientCertificate } from './client-authentication.ts';
import { ClientConnection } from './client-connection.ts';
import { ClientDirectory } from './client-directory.ts';
import { EdgeHubConfiguration } from './edge-hub-configuration.ts';
import { EdgeHubDatabase } from './edge-hub-database.ts';
import { EdgeHubMetrics } from './edge-hub-metrics.ts';
import { readEdgeHubSettings } from './edge-hub-settings.ts';
import { gatewayHostNames, startServices } from './edge-hub-services.ts';
import type { EdgeHubServiceOptions, EdgeHubServices } from './edge-hub-services.ts';
import { EdgeHubReport } from './edge-hub-report.ts';
import { edgeHubTimings } from './edge-hub-timings.ts';
import type { EdgeHubTimings } from './edge-hub-timings.ts';
import { followFaults } from './follow-faults.ts';
import { MessageStore } from './message-store.ts';
import type { QueueLength } from './message-store.ts';
import { MethodBridge } from './method-bridge.ts';
import { MqttListener } from './mqtt-listener.ts';
import { Router } from './router.ts';
import type { RoutingTable } from './routing-table.ts';
import { SessionStore } from './session-store.ts';
import { Traffic } from './traffic.ts';
import { TwinRequests } from './twin-requests.ts';
import { TwinService } from './twin-service.ts';

/** How many clients the real edgeHub serves (`MaxConnectedClients`). */
const MAX_CONNECTED_CLIENTS = 100;

export interface EdgeHubOptions extends EdgeHubServiceOptions {
  /** 0: any free port. */
  readonly port: number;
  /** PEM of the authorities whose client certificates count. */
  readonly trustBundle: string;
  /** Queues, sessions and copies of twins are kept here. */
  readonly stateDirectory: string;
  readonly timings?: Partial<EdgeHubTimings>;
  /** Default 100. */
  readonly maxConnectedClients?: number;
}

/** What edgeHub consists of. Each part gets what it needs of the ones before it. */
interface Parts {
  /** Shared by all parts, and changed in place: whoever reads a time reads the one that holds now. */
  readonly timings: EdgeHubTimings;
  readonly database: EdgeHubDatabase;
  readonly clients: ClientDirectory;
  readonly metrics: EdgeHubMetrics;
  readonly router: Router;
  readonly twins: TwinService;
  readonly methods: MethodBridge;
  readonly configuration: EdgeHubConfiguration;
  readonly store: MessageStore;
  readonly traffic: Traffic;
  readonly switches: Switches;
}

/** What the deployment may change while edgeHub runs, besides the timings. */
interface Switches {
  metricsEnabled: boolean;
  maxConnectedClients: number;
}

/** A running edgeHub: MQTT over TLS for the modules and leaf devices of one edge device. */
export class EdgeHub implements AsyncDisposable {
  readonly #options: EdgeHubOptions;
  readonly #listener: MqttListener;
  readonly #services: EdgeHubServices;
  readonly #parts: Parts;
  readonly #opened: AsyncDisposableStack;
  #isOnline = true;
  #offlineSince = 0;

  private constructor(
    options: EdgeHubOptions,
    opened: AsyncDisposableStack,
    parts: Parts & { listener: MqttListener; services: EdgeHubServices },
  ) {
    this.#options = options;
    this.#services = parts.services;
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
    const database = opened.use(EdgeHubDatabase.open(options.stateDirectory));
    const listener = opened.use(await MqttListener.open(options));
    const parts = openParts(options, database, opened);
    const services = await startServices(options, { ...parts, mqttPort: listener.port }, opened);
    return new EdgeHub(options, opened.move(), { ...parts, listener, services });
  }

  get port(): number {
    return this.#listener.port;
  }

  /** Where modules call methods of each other. */
  get httpsPort(): number {
    return this.#services.https.port;
  }

  /** Where its metrics are, at `/metrics`. */
  get metricsPort(): number {
    return this.#services.metrics.port;
  }

  /** How many messages wait in each queue that is not empty. */
  queueLengths(): QueueLength[] {
    return this.#parts.store.lengths();
  }

  /** What passes through. */
  get traffic(): Traffic {
    return this.#parts.traffic;
  }

  /** The routes that are in force, by their names. */
  get routes(): RoutingTable {
    return this.#parts.router.table;
  }

  /**
   * Follows the `env` of the system module edgeHub. The real one is started anew for it; here it holds at once, and what
   * `options.timings` says goes before.
   */
  configure(environment: Readonly<Record<string, string>>): void {
    const { emit, deviceId } = this.#options;
    const { timings, switches, router } = this.#parts;
    const settings = readEdgeHubSettings(environment);
    const before = timings.cleanupIntervalMs;
    Object.assign(timings, edgeHubTimings, settings.timings, this.#options.timings);
    switches.metricsEnabled = settings.metricsEnabled ?? true;
    switches.maxConnectedClients =
      this.#options.maxConnectedClients ?? settings.maxConnectedClients ?? MAX_CONNECTED_CLIENTS;
    if (timings.cleanupIntervalMs !== before) router.scheduleCleanup();
    for (const problem of settings.problems) {
      emit({
        stage: 'edgehub.configuration',
        state: 'failed',
        text: `edgeHub of ${deviceId}: ignored an environment variable: ${problem}`,
        data: { deviceId },
      });
    }
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
    const suspend = (durationMs: number) => this.#listener.suspend(durationMs);
    this.#opened.use(followFaults({ faults: hub.faults, clients, sessions, edge: { deviceId, suspend } }));
    const requests = new TwinRequests({ twins, router, metrics, deviceId, now: hub.now, emit });
    this.#listener.onClient((socket, certificate) => {
      void new ClientConnection(socket, {
        clients,
        sessions,
        timings,
        now: hub.now,
        emit,
        faults: hub.faults,
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
    const { hub, deviceId } = this.#options;
    const { clients, switches } = this.#parts;
    const { maxConnectedClients } = switches;
    if (clients.size >= maxConnectedClients && clients.get(packet.clientId) === undefined) {
      return { ok: false, returnCode: 3, reason: `edgeHub serves at most ${maxConnectedClients} clients` };
    }
    const names = gatewayHostNames(this.#options, this.port);
    return authenticateClient(packet, certificate, { hub, deviceId, gatewayHostNames: names });
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
  const store: MessageStore = opened.use(
    new MessageStore({ database, now: hub.now, onStored: (endpoints) => router.stored(endpoints) }),
  );
  const names = { hubHostName: hub.hostName, deviceId };
  const metrics = new EdgeHubMetrics(names, { store, connectedClients: () => clients.size });
  const traffic = new Traffic();
  const delivery = { store, clients, metrics, traffic, timings };
  const router = opened.use(new Router({ hub, deviceId, ...delivery, now: hub.now, emit }));
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
  const switches = {
    metricsEnabled: true,
    maxConnectedClients: options.maxConnectedClients ?? MAX_CONNECTED_CLIENTS,
  };
  return { timings, database, clients, metrics, router, twins, methods, configuration, store, traffic, switches };
}
