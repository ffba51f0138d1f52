import type { ClientDirectory } from '../edgehub/client-directory.ts';
import type { Client } from '../edgehub/client.ts';
import type { Hub } from '../hub/hub.ts';

/** Brings direct methods to the devices and modules that are connected to the hub itself and listen for them. */
export class DeviceMethods {
  readonly #hub: Hub;
  readonly #attached = new Map<Client, Disposable>();

  constructor({ hub, clients }: { readonly hub: Hub; readonly clients: ClientDirectory }) {
    this.#hub = hub;
    clients.listen({
      subscribed: (client, kind) => {
        if (kind === 'methods') this.#attach(client);
      },
      unsubscribed: (client, kind) => {
        if (kind === 'methods') this.#detach(client);
      },
      disconnected: (client) => this.#detach(client),
    });
  }

  #attach(client: Client): void {
    this.#detach(client);
    const { deviceId, moduleId } = client.identity;
    const attachment = this.#hub.attachMethods(deviceId, moduleId, (methodName, payload, { responseTimeoutMs }) =>
      client.callMethod({ methodName, payload, responseTimeoutMs }),
    );
    this.#attached.set(client, attachment);
  }

  #detach(client: Client): void {
    this.#attached.get(client)?.[Symbol.dispose]();
    this.#attached.delete(client);
  }
}
