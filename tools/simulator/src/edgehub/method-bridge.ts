import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { MethodCall, MethodHandler, MethodResult } from '../hub/direct-method.ts';
import type { Hub } from '../hub/hub.ts';
import { identityText } from '../hub/identity.ts';
import { MethodDispatch } from '../hub/method-dispatch.ts';
import type { ClientDirectory } from './client-directory.ts';
import type { Client } from './client.ts';
import type { EdgeHubMetrics } from './edge-hub-metrics.ts';

export interface MethodBridgeOptions {
  readonly hub: Hub;
  readonly clients: ClientDirectory;
  readonly metrics: EdgeHubMetrics;
  /** How long a call waits on that was there before the module subscribed, in milliseconds. */
  readonly settleMs: number;
}

/**
 * Brings direct methods to the clients that subscribed to them: from the hub while the device is online, and from modules of
 * the device at any time.
 */
export class MethodBridge {
  readonly #options: MethodBridgeOptions;
  readonly #local = new MethodDispatch();
  readonly #handlers = new Map<Client, { readonly handler: MethodHandler; readonly local: Disposable }>();
  readonly #fromHub = new Map<Client, Disposable>();
  #isOnline = true;

  constructor(options: MethodBridgeOptions) {
    this.#options = options;
    options.clients.listen({
      subscribed: (client, kind) => {
        if (kind === 'methods') this.#attach(client);
      },
      unsubscribed: (client, kind) => {
        if (kind === 'methods') this.#detach(client);
      },
      disconnected: (client) => this.#detach(client),
    });
  }

  setOnline(isOnline: boolean): void {
    this.#isOnline = isOnline;
    for (const [client, { handler }] of this.#handlers) {
      this.#detachHub(client);
      if (isOnline) this.#attachHub(client, handler);
    }
  }

  /**
   * Calls a method in the name of a module of the device.
   *
   * @param caller `device/module`
   * @throws SimulatorError `SimulatedTargetOffline`, `SimulatedTargetTimeout`
   */
  async invoke(caller: string, call: MethodCall): Promise<MethodResult> {
    const start = performance.now();
    const result = await this.#local.invoke(call);
    this.#options.metrics.methodCalled(caller, identityText(call), performance.now() - start);
    return result;
  }

  #attach(client: Client): void {
    this.#detach(client);
    const { settleMs } = this.#options;
    // a call that arrives in the very turn of attaching was waiting for it; edgeHub lets those wait some more
    let isSettling = true;
    setImmediate(() => {
      isSettling = false;
    });
    const handler: MethodHandler = async (methodName, payload, { responseTimeoutMs }) => {
      if (isSettling) await delay(settleMs);
      return await client.callMethod({ methodName, payload, responseTimeoutMs });
    };
    this.#handlers.set(client, { handler, local: this.#local.attach(client.identity, handler) });
    if (this.#isOnline) this.#attachHub(client, handler);
  }

  #attachHub(client: Client, handler: MethodHandler): void {
    const { hub, metrics } = this.#options;
    const { deviceId, moduleId } = client.identity;
    const counted: MethodHandler = async (...call) => {
      const start = performance.now();
      const result = await handler(...call);
      metrics.methodCalled('upstream', client.name, performance.now() - start);
      return result;
    };
    this.#fromHub.set(client, hub.attachMethods(deviceId, moduleId, counted));
  }

  #detach(client: Client): void {
    this.#detachHub(client);
    this.#handlers.get(client)?.local[Symbol.dispose]();
    this.#handlers.delete(client);
  }

  #detachHub(client: Client): void {
    this.#fromHub.get(client)?.[Symbol.dispose]();
    this.#fromHub.delete(client);
  }
}
