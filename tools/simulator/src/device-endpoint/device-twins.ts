import { isEdgewrightError, messageOf, parseJson } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import type { ClientDirectory } from '../edgehub/client-directory.ts';
import type { Client } from '../edgehub/client.ts';
import { outboundTopics } from '../edgehub/mqtt-topics.ts';
import type { Hub } from '../hub/hub.ts';
import { hubFault, hubFaultOf } from '../hub/hub-fault.ts';
import { isObject } from '../hub/twin-section.ts';
import type { TwinSection } from '../hub/twin.ts';

/** The answer to a twin request. */
export interface DeviceTwinResponse {
  readonly status: number;
  readonly body: Buffer;
  /** Of the reported properties, after they were patched. */
  readonly version?: number;
}

export interface DeviceTwinsOptions {
  readonly hub: Hub;
  readonly clients: ClientDirectory;
  readonly emit: EventSink;
}

/** The twins of devices and modules that are connected to the hub itself. */
export class DeviceTwins {
  readonly #options: DeviceTwinsOptions;
  readonly #watches = new Map<Client, Disposable>();

  constructor(options: DeviceTwinsOptions) {
    this.#options = options;
    options.clients.listen({
      subscribed: (client, kind) => {
        if (kind === 'desiredProperties') this.#watch(client);
      },
      unsubscribed: (client, kind) => {
        if (kind === 'desiredProperties') this.#unwatch(client);
      },
      disconnected: (client) => this.#unwatch(client),
    });
  }

  get(client: Client): DeviceTwinResponse {
    return this.#answer(client, () => {
      const { deviceId, moduleId } = client.identity;
      const { desired, reported } = this.#options.hub.twin(deviceId, moduleId);
      const body = { desired: versioned(desired), reported: versioned(reported) };
      return { status: 200, body: Buffer.from(JSON.stringify(body)) };
    });
  }

  patchReported(client: Client, payload: Buffer): DeviceTwinResponse {
    return this.#answer(client, () => {
      const patch = parseJson(payload.toString('utf8'), 'the reported properties');
      if (!isObject(patch)) throw hubFault('ArgumentInvalid', 'reported properties are a JSON object');
      const { deviceId, moduleId } = client.identity;
      const version = this.#options.hub.patchReported(deviceId, moduleId, patch);
      return { status: 204, body: Buffer.alloc(0), version };
    });
  }

  #answer(client: Client, action: () => DeviceTwinResponse): DeviceTwinResponse {
    try {
      this.#options.hub.throttle.check();
      return action();
    } catch (error) {
      const { hubError, number, httpStatus: status } = hubFaultOf(error);
      const message = isEdgewrightError(error) ? messageOf(error) : 'internal error';
      this.#options.emit({
        stage: 'hub.twin',
        state: 'failed',
        text: `${client.name}: ${messageOf(error)}`,
        data: { client: client.name, status },
      });
      return { status, body: Buffer.from(JSON.stringify({ errorCode: number, message: `${hubError}: ${message}` })) };
    }
  }

  #watch(client: Client): void {
    this.#unwatch(client);
    const { deviceId, moduleId } = client.identity;
    const watch = this.#options.hub.onDesired(deviceId, moduleId, (patch, { version }) => {
      client.send(outboundTopics.desiredPatch(version), Buffer.from(JSON.stringify({ ...patch, $version: version })));
    });
    this.#watches.set(client, watch);
  }

  #unwatch(client: Client): void {
    this.#watches.get(client)?.[Symbol.dispose]();
    this.#watches.delete(client);
  }
}

function versioned({ properties, version }: TwinSection): object {
  return { ...properties, $version: version };
}
