import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { MethodResult } from '../hub/direct-method.ts';
import type { Hub } from '../hub/hub.ts';
import type { ClientDirectory } from './client-directory.ts';
import type { Client, MethodRequest } from './client.ts';
import type { EdgeHubMetrics } from './edge-hub-metrics.ts';

export interface MethodBridgeOptions {
  readonly hub: Hub;
  readonly clients: ClientDirectory;
  readonly metrics: EdgeHubMetrics;
  /** How long a call waits on that was there before the module subscribed, in milliseconds. */
  readonly settleMs: number;
}

/** Brings direct methods from the hub to the clients that subscribed to them, while the device is online. */
export class MethodBridge {
  readonly #options: MethodBridgeOptions;
  readonly #attached = new Map<Client, Disposable>();
  #isOnline = true;

  constructor(options: MethodBridgeOptions) {
    this.#options = options;
    options.clients.listen({
      subscribed: (client, kind) => {
        if (kind === 'methods' && this.#isOnline) this.#attach(client);
      },
      unsubscribed: (client, kind) => {
        if (kind === 'methods') this.#detach(client);
      },
      disconnected: (client) => this.#detach(client),
    });
  }

  setOnline(isOnline: boolean): void {
    this.#isOnline = isOnline;
    for (const client of this.#options.clients.all()) {
      if (!isOnline) this.#detach(client);
      else if (client.isSubscribedTo('methods')) this.#attach(client);
    }
  }

  #attach(client: Client): void {
    this.#detach(client);
    const { hub, settleMs } = this.#options;
    const { deviceId, moduleId } = client.identity;
    // a call that arrives in the very turn of attaching was waiting for it; edgeHub lets those wait some more
    let isSettling = true;
    setImmediate(() => {
      isSettling = false;
    });
    const attachment = hub.attachMethods(deviceId, moduleId, async (methodName, payload, { responseTimeoutMs }) => {
      if (isSettling) await delay(settleMs);
      return this.#call(client, { methodName, payload, responseTimeoutMs });
    });
    this.#attached.set(client, attachment);
  }

  async #call(client: Client, request: MethodRequest): Promise<MethodResult> {
    const start = performance.now();
    const result = await client.callMethod(request);
    this.#options.metrics.methodCalled('upstream', client.name, performance.now() - start);
    return result;
  }

  #detach(client: Client): void {
    this.#attached.get(client)?.[Symbol.dispose]();
    this.#attached.delete(client);
  }
}
