import type { ClientDirectory } from '../edgehub/client-directory.ts';
import type { Client } from '../edgehub/client.ts';
import { encodePropertyBag } from '../edgehub/property-bag.ts';
import type { CloudMessage } from '../hub/cloud-message.ts';
import type { Hub } from '../hub/hub.ts';

/** Sends cloud-to-device messages to the devices that subscribed to them, one after the other; a PUBACK completes each. */
export class CloudMessagePumps implements Disposable {
  readonly #hub: Hub;
  readonly #pumps = new Map<string, Pump>();
  readonly #subscription: Disposable;

  constructor({ hub, clients }: { readonly hub: Hub; readonly clients: ClientDirectory }) {
    this.#hub = hub;
    this.#subscription = hub.cloudMessages.onQueued((deviceId) => this.#pumps.get(deviceId)?.wake());
    clients.listen({
      subscribed: (client, kind) => {
        // modules have no such messages in IoT Hub
        if (kind === 'cloudToDevice' && client.identity.moduleId === undefined) this.#begin(client);
      },
      unsubscribed: (client, kind) => {
        if (kind === 'cloudToDevice') this.#end(client);
      },
      disconnected: (client) => this.#end(client),
    });
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
    for (const pump of this.#pumps.values()) pump.end();
    this.#pumps.clear();
  }

  #begin(client: Client): void {
    this.#pumps.get(client.name)?.end();
    const pump = new Pump(this.#hub, client);
    this.#pumps.set(client.name, pump);
    pump.wake();
  }

  #end(client: Client): void {
    const pump = this.#pumps.get(client.name);
    if (pump?.client !== client) return;
    pump.end();
    this.#pumps.delete(client.name);
  }
}

class Pump {
  readonly client: Client;
  readonly #hub: Hub;
  readonly #ended = new AbortController();
  #isRunning = false;

  constructor(hub: Hub, client: Client) {
    this.#hub = hub;
    this.client = client;
  }

  wake(): void {
    if (this.#isRunning || this.#ended.signal.aborted) return;
    this.#isRunning = true;
    void this.#run().finally(() => {
      this.#isRunning = false;
    });
  }

  end(): void {
    this.#ended.abort();
  }

  async #run(): Promise<void> {
    const { identity } = this.client;
    const { cloudMessages } = this.#hub;
    // the subscription's SUBACK goes out first
    await new Promise((resolve) => setImmediate(resolve));
    while (!this.#ended.signal.aborted) {
      const message = cloudMessages.take(identity);
      if (message === undefined) return;
      const outcome = await this.client.deliver(topicOf(message), message.body, this.#ended.signal);
      if (outcome === 'acknowledged') cloudMessages.end(identity, message.sequenceNumber, 'Success');
      // without an acknowledgement in time it is sent again; without a client it waits
      else if (outcome !== 'timedOut') return;
    }
  }
}

function topicOf({ deviceId, properties, systemProperties, ack, expiresAt }: CloudMessage): string {
  const bag = encodePropertyBag({
    properties: { ...properties, ...(ack !== 'none' && { 'iothub-ack': ack }) },
    systemProperties: {
      ...systemProperties,
      to: `/devices/${deviceId}/messages/devicebound`,
      'absolute-expiry-time': new Date(expiresAt).toISOString(),
    },
  });
  return `devices/${deviceId}/messages/devicebound/${bag}`;
}
