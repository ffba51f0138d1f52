import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import type { Duplex } from 'node:stream';
import { Client, Message, ModuleClient } from 'azure-iot-device';
import type { Twin } from 'azure-iot-device';
import { Mqtt, MqttWs } from 'azure-iot-device-mqtt';
import { onTestFinished } from 'vitest';
import type { SimulatorClient } from '../src/simulator-client.ts';

/** The SDK's two ways to the hub. */
export const transports = { Mqtt, MqttWs };

/** The SDK asks for port 443; the simulator of a test has another. */
class PortedAgent extends Agent {
  readonly #port: number;

  constructor(port: number, ca: string) {
    super({ ca });
    this.#port = port;
  }

  override createConnection(options: ConnectionOptions): Duplex {
    return connect({ ...options, host: '127.0.0.1', port: this.#port, servername: 'localhost' });
  }
}

/** Options of an unmodified client for a simulator on any port. */
export function clientOptions(simulator: SimulatorClient): object {
  const ca = readFileSync(simulator.info.caFile, 'utf8');
  return { ca, mqtt: { webSocketAgent: new PortedAgent(simulator.info.httpsPort, ca) } };
}

/** The connection string as a transport can use it: over WebSocket the host name has no port. */
export function stringFor(simulator: SimulatorClient, text: string, transport: keyof typeof transports): string {
  return transport === 'MqttWs' ? text.replace(`:${simulator.info.mqttPort}`, '') : text;
}

/** Azure's unmodified client of a device or a module, open. It is closed after the test. */
export async function openClient<Kind extends Client | ModuleClient>(client: Kind, options: object): Promise<Kind> {
  client.on('error', () => {});
  await client.setOptions(options);
  onTestFinished(async () => {
    client.removeAllListeners();
    client.on('error', () => {});
    await Promise.race([client.close().catch(() => {}), new Promise((resolve) => setTimeout(resolve, 500))]);
  });
  await client.open();
  return client;
}

export async function deviceClient(
  simulator: SimulatorClient,
  text: string,
  transport: keyof typeof transports = 'Mqtt',
): Promise<Client> {
  const client = Client.fromConnectionString(stringFor(simulator, text, transport), transports[transport]);
  return await openClient(client, clientOptions(simulator));
}

export async function moduleClient(
  simulator: SimulatorClient,
  text: string,
  transport: keyof typeof transports = 'Mqtt',
): Promise<ModuleClient> {
  const client = ModuleClient.fromConnectionString(stringFor(simulator, text, transport), transports[transport]);
  return await openClient(client, clientOptions(simulator));
}

export function json(body: unknown, properties: Readonly<Record<string, string>> = {}): Message {
  const message = new Message(JSON.stringify(body));
  message.contentType = 'application/json';
  message.contentEncoding = 'utf-8';
  for (const [name, value] of Object.entries(properties)) message.properties.add(name, value);
  return message;
}

/** The client's twin, whose changes of reported properties are a promise. */
export async function twinOf(client: Client | ModuleClient) {
  const twin: Twin = await client.getTwin();
  const report = (patch: object) =>
    new Promise<void>((resolve, reject) => {
      twin.properties.reported['update'](patch, (error?: Error) => (error ? reject(error) : resolve()));
    });
  return { twin, report };
}
