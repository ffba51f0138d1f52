import type { EventEmitter } from 'node:events';
import type { AuthenticationProvider, TransportConfig } from 'azure-iot-common';
import { Mqtt } from 'azure-iot-device-mqtt';
import { MqttBase } from 'azure-iot-mqtt-base';
import type { IClientOptions } from 'mqtt';

/** How long to wait before a token is asked for again, when renewing it failed. It has 15 minutes left then. */
const RENEWAL_RETRY_MS = 30_000;

export interface HubTransportOptions {
  /** Makes the connection, each time the SDK wants one: at first, and at each renewal of the token. */
  connect(uri: string, options: IClientOptions): EventEmitter;
  /** The token could not be renewed; it will be tried again. */
  renewalFailed(error: Error): void;
  /** How long a token is valid and how long before its end it is renewed; default: the SDK's hour and quarter of an hour. */
  readonly tokenLifetime?: { readonly validSeconds: number; readonly marginSeconds: number } | undefined;
}

type TokenProvider = AuthenticationProvider & EventEmitter;

/**
 * The SDK's MQTT transport over connections that this module makes itself. Connecting, tokens and their renewal,
 * subscriptions and twin requests are the SDK's; inputs, outputs and direct methods go past it (see `HubClient`).
 */
export class HubTransport extends Mqtt {
  readonly #provider: TokenProvider;
  readonly #options: HubTransportOptions;
  #retry: NodeJS.Timeout | undefined;
  #isReleased = false;

  constructor(provider: AuthenticationProvider, options: HubTransportOptions) {
    super(provider, new MqttBase({ connect: (uri: string, client: IClientOptions) => options.connect(uri, client) }));
    this.#provider = provider as TokenProvider;
    this.#options = options;
    // without a listener the SDK's provider ends the process when the workload API fails once at a renewal
    this.#provider.on('error', (error: Error) => this.#retryRenewal(error));
    if (options.tokenLifetime !== undefined) {
      const { validSeconds, marginSeconds } = options.tokenLifetime;
      provider.setTokenRenewalValues?.(validSeconds, marginSeconds);
    }
  }

  /** Stops asking for tokens. */
  release(): void {
    this.#isReleased = true;
    clearTimeout(this.#retry);
  }

  #retryRenewal(error: Error): void {
    if (this.#isReleased) return;
    this.#options.renewalFailed(error);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#provider.getDeviceCredentials((failure?: Error | null, credentials?: TransportConfig) => {
        if (this.#isReleased) return;
        if (failure != null) this.#retryRenewal(failure);
        else this.#provider.emit('newTokenAvailable', credentials);
      });
    }, RENEWAL_RETRY_MS).unref();
  }
}

/** A constructor of the SDK's transport, as `ModuleClient.fromEnvironment` takes it. */
export type TransportConstructor = new (provider: AuthenticationProvider) => HubTransport;

/** Fixes the options of a transport, because the SDK constructs it with the provider alone. */
export function boundTransport(
  options: HubTransportOptions,
  constructed: (transport: HubTransport) => void,
): TransportConstructor {
  return class extends HubTransport {
    constructor(provider: AuthenticationProvider) {
      super(provider, options);
      constructed(this);
    }
  };
}
