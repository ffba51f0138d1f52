import { setTimeout as pause } from 'node:timers/promises';
import { isEdgewrightError, messageOf } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import type { Deployments } from './deployments/deployments.ts';
import { DeviceEndpoint } from './device-endpoint/device-endpoint.ts';
import { WebSocketStreams } from './device-endpoint/web-socket-streams.ts';
import { DEFAULT_RESTART_MS } from './edgehub/follow-faults.ts';
import { MqttListener } from './edgehub/mqtt-listener.ts';
import type { Hub } from './hub/hub.ts';
import { startRestServer } from './hub/rest/rest-server.ts';
import type { SharedAccessPolicies } from './hub/shared-access-policies.ts';
import type { SettingsTable } from './state/settings-table.ts';
import type { StateDatabase } from './state/state-database.ts';
import type { IssuedCertificate } from './workload/certificate-issuer.ts';

const HTTPS_SETTING = 'hubPort/https/last';
const MQTT_SETTING = 'hubPort/mqtt/last';

export interface HubServersOptions {
  readonly hub: Hub;
  readonly deployments: Deployments;
  readonly policies: SharedAccessPolicies;
  readonly database: StateDatabase;
  readonly certificate: IssuedCertificate;
  /** PEM of the authorities whose device certificates count. */
  readonly trustBundle: string;
  /** The address to listen on. */
  readonly host: string;
  /** REST and MQTT over WebSocket; 0 for any free port. */
  readonly httpsPort: number;
  /** MQTT; 0 for any free port. */
  readonly mqttPort: number;
  /** Remembers the ports of the last start: where any is free to be taken, clients that kept the address find it. */
  readonly settings: SettingsTable;
  readonly emit: EventSink;
}

/** IoT Hub's two ports: HTTPS for its REST service and MQTT over WebSocket, and MQTT over TLS. */
export class HubServers implements AsyncDisposable {
  readonly httpsPort: number;
  readonly mqttPort: number;
  readonly endpoint: DeviceEndpoint;
  readonly #options: HubServersOptions;
  readonly #parts = new AsyncDisposableStack();
  readonly #ending = new AbortController();
  #running: AsyncDisposableStack;

  private constructor(
    options: HubServersOptions,
    endpoint: DeviceEndpoint,
    opened: { readonly stack: AsyncDisposableStack; readonly httpsPort: number; readonly mqttPort: number },
  ) {
    this.#options = options;
    this.endpoint = endpoint;
    this.httpsPort = opened.httpsPort;
    this.mqttPort = opened.mqttPort;
    this.#running = opened.stack;
    this.#parts.use(endpoint);
    this.#parts.use(
      options.hub.faults.listen((fault) => {
        if (fault.kind === 'restart' && fault.deviceId === undefined) return this.#restart(fault.durationMs);
        return undefined;
      }),
    );
  }

  /** @throws SimulatorError `SimulatorPortInUse`, `SimulatorFailed` */
  static async start(options: HubServersOptions): Promise<HubServers> {
    const { hub, policies, database, emit } = options;
    const ports: number[] = [];
    const hostNames = () => [hub.hostName, ...ports.map((port) => `${hub.hostName}:${port}`)];
    const endpoint = new DeviceEndpoint({ hub, policies, database, hostNames, emit });
    const opened = await openWherePreferred(options, endpoint);
    ports.push(opened.httpsPort, opened.mqttPort);
    options.settings.set(HTTPS_SETTING, String(opened.httpsPort));
    options.settings.set(MQTT_SETTING, String(opened.mqttPort));
    return new HubServers(options, endpoint, opened);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    this.endpoint.disconnectAll('the hub ends');
    await this.#running.disposeAsync();
    await this.#parts.disposeAsync();
  }

  /** Goes away and comes back on the same ports; what it keeps is kept. Settles when it is away. */
  async #restart(durationMs: number = DEFAULT_RESTART_MS): Promise<void> {
    this.endpoint.disconnectAll('the hub restarts');
    const before = this.#running;
    this.#running = new AsyncDisposableStack();
    await before.disposeAsync();
    void this.#comeBack(durationMs);
  }

  async #comeBack(durationMs: number): Promise<void> {
    try {
      await pause(durationMs, undefined, { signal: this.#ending.signal });
      const { httpsPort, mqttPort } = this;
      const { stack } = await open({ ...this.#options, httpsPort, mqttPort }, this.endpoint);
      if (this.#ending.signal.aborted) await stack.disposeAsync();
      else this.#running = stack;
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      this.#options.emit({
        stage: 'simulator.hub',
        state: 'failed',
        text: `the hub does not come back: ${messageOf(error)}`,
      });
    }
  }
}

/** On the ports of the last start, unless others are asked for or they are taken. */
async function openWherePreferred(options: HubServersOptions, endpoint: DeviceEndpoint) {
  const preferred = {
    httpsPort: options.httpsPort || Number(options.settings.get(HTTPS_SETTING) ?? 0),
    mqttPort: options.mqttPort || Number(options.settings.get(MQTT_SETTING) ?? 0),
  };
  try {
    return await open({ ...options, ...preferred }, endpoint);
  } catch (error) {
    if (!isEdgewrightError(error) || error.code !== 'SimulatorPortInUse') throw error;
    return await open(options, endpoint);
  }
}

async function open(options: HubServersOptions, endpoint: DeviceEndpoint) {
  const { hub, deployments, policies, certificate, trustBundle, host, emit } = options;
  await using opened = new AsyncDisposableStack();
  const webSockets = opened.use(new WebSocketStreams((stream) => endpoint.accept(stream)));
  const mqtt = opened.use(
    await MqttListener.open({ host, port: options.mqttPort, certificate, trustBundle, purpose: "IoT Hub's MQTT" }),
  );
  mqtt.onClient((socket, presented) => endpoint.accept(socket, presented));
  const rest = opened.use(
    await startRestServer({
      hub,
      deployments,
      policies,
      certificate,
      host,
      port: options.httpsPort,
      emit,
      upgrade: (request, socket, head) => webSockets.upgrade(request, socket, head),
    }),
  );
  return { stack: opened.move(), httpsPort: rest.port, mqttPort: mqtt.port };
}
