import { once } from 'node:events';
import azureIotDevice from 'azure-iot-device';
import type { Client, ModuleClient } from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';
import { messageOf } from '@edgewright/contract';
import { SimulatorError } from '../simulator-error.ts';
import { bodyOf } from './body-of.ts';
import type { OutgoingMessage } from './outgoing-message.ts';

/** A confirmation that takes longer is taken for lost, and the connection with it. */
const CONFIRM_TIMEOUT_MS = 45_000;
/** How long a broken connection may take to close before it is left to itself. */
const CLOSE_TIMEOUT_MS = 1000;

export interface ModuleSenderOptions {
  /** A module's connection string, with GatewayHostName; or a device's. */
  readonly connectionString: string;
  /** PEM. */
  readonly ca: string;
  /** Of the module; absent for a device. */
  readonly output?: string;
}

/** One connection of a module to edgeHub, or of a device to the hub, made with Azure's own client. */
export class ModuleSender implements AsyncDisposable {
  readonly #client: ModuleClient | Client;
  readonly #output: string | undefined;
  readonly #lost = Promise.withResolvers<never>();

  private constructor(client: ModuleClient | Client, output: string | undefined) {
    this.#client = client;
    this.#output = output;
    // whether anyone waits for it or not
    this.#lost.promise.catch(() => {});
    client.on('disconnect', (reason: unknown) => this.#fail('edgeHub closed the connection', reason));
    client.on('error', (reason: unknown) => this.#fail('the connection failed', reason));
  }

  /** @throws SimulatorError `SimulatedTargetOffline` when edgeHub cannot be reached or refuses the module */
  static async open(options: ModuleSenderOptions): Promise<ModuleSender> {
    const { Client: DeviceClient, ModuleClient: Module } = azureIotDevice;
    const client =
      options.output === undefined
        ? DeviceClient.fromConnectionString(options.connectionString, Mqtt)
        : Module.fromConnectionString(options.connectionString, Mqtt);
    const sender = new ModuleSender(client, options.output);
    try {
      await client.setOptions({ ca: options.ca });
      await client.open();
      return sender;
    } catch (cause) {
      await sender[Symbol.asyncDispose]();
      throw new SimulatorError('SimulatedTargetOffline', `cannot connect to edgeHub: ${messageOf(cause)}`, { cause });
    }
  }

  /** Settles when edgeHub has the message. Fails when the connection is lost, or no confirmation comes. */
  async send(message: OutgoingMessage): Promise<void> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), CONFIRM_TIMEOUT_MS);
    try {
      const { output = this.#output } = message;
      const confirmed =
        output === undefined || output === null || this.#output === undefined
          ? this.#client.sendEvent(azureMessage(message))
          : (this.#client as ModuleClient).sendOutputEvent(output, azureMessage(message));
      const late = once(deadline.signal, 'abort').then(() => this.#fail('edgeHub does not confirm', undefined));
      await Promise.race([confirmed, late, this.#lost.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.removeAllListeners();
    this.#client.on('error', () => {});
    const closed = this.#client.close().catch(() => {});
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    await Promise.race([closed, late]);
    clearTimeout(timer);
  }

  #fail(what: string, reason: unknown): void {
    const because = reason === undefined || reason === null ? '' : `: ${messageOf(reason)}`;
    this.#lost.reject(new SimulatorError('SimulatedTargetOffline', `${what}${because}`, { cause: reason }));
  }
}

function azureMessage(outgoing: OutgoingMessage): azureIotDevice.Message {
  const message = new azureIotDevice.Message(bodyOf(outgoing.body));
  if (outgoing.messageId !== undefined) message.messageId = outgoing.messageId;
  if (outgoing.correlationId !== undefined) message.correlationId = outgoing.correlationId;
  for (const [name, value] of Object.entries(outgoing.properties ?? {})) message.properties.add(name, value);
  return Object.assign(message, {
    // its types know few of the values that it takes
    contentType: outgoing.contentType ?? 'application/json',
    contentEncoding: outgoing.contentEncoding ?? 'utf-8',
    // the client writes every message as JSON into a log that nobody reads; this makes that cheap
    toJSON: () => 0,
  });
}
