import { messageOf } from '@edgewright/contract';
import type { Logger } from '@edgewright/telemetry';
import type { RetryPolicy } from 'azure-iot-common';
import type { ModuleClient, TwinProperties } from 'azure-iot-device';
import type { IClientOptions } from 'mqtt';
import { EdgeError } from '../edge-error.ts';
import type { EdgeSettings } from '../edge-settings.ts';
import type { InputMessage } from '../messages/input-message.ts';
import type { OutputMessage } from '../messages/output-message.ts';
import { fromCallback, withDeadline } from './deadline.ts';
import { HubClient } from './hub-client.ts';
import type { RawDelivery, RawMethodCall } from './hub-client.ts';
import { boundTransport } from './hub-transport.ts';
import type { HubTransport, TransportConstructor } from './hub-transport.ts';
import { outputTopic, parseInputTopic } from './message-topic.ts';
import { RefusedClient } from './refused-client.ts';

/** Closing waits this long for the SDK to say goodbye; it waits for publishes that nobody will confirm. */
const GOODBYE_MS = 2_000;
/** Twin requests in a row that may stay unanswered before the connection counts as lost (azure-iot-sdk-node issue 1255). */
const UNANSWERED_LIMIT = 2;

/** As the SDK's own, which is not among the names that Node.js finds in its CommonJS module. */
const noRetry: RetryPolicy = { shouldRetry: () => false, nextRetryTimeout: () => -1 };

/** Makes the SDK's client; in the image that is `ModuleClient.fromEnvironment`. */
export type CreateClient = (transport: TransportConstructor) => Promise<ModuleClient>;

/** A message on an input, and its acknowledgement. */
export interface Delivery {
  readonly message: InputMessage;
  /** Sends the acknowledgement, in order; false when the connection is gone and the message will come again. */
  acknowledge(): boolean;
  /** False when the connection is gone. */
  isLive(): boolean;
  /** Lets the message go, so that it comes again: when its connection still stands, it is made anew for that. */
  release(): void;
}

/** Who is told what comes. None of these may throw. */
export interface HubSessionEvents {
  delivered(delivery: Delivery): void;
  methodCalled(call: RawMethodCall): void;
  /** A patch of the desired properties, with its `$version`. */
  desiredChanged(patch: Readonly<Record<string, unknown>>): void;
}

export interface HubSessionOptions {
  readonly createClient: CreateClient;
  readonly settings: EdgeSettings;
  readonly events: HubSessionEvents;
  readonly logger: Logger;
}

/**
 * One session with edgeHub: from a client of the SDK that connects once, to the loss of its connection. The SDK does not
 * retry anything here; who wants to go on opens another session. Renewals of the token happen inside, unseen.
 */
export class HubSession implements AsyncDisposable {
  readonly #options: HubSessionOptions;
  readonly #lost = Promise.withResolvers<EdgeError>();
  #client: HubClient | undefined;
  #sdk: ModuleClient | undefined;
  #transport: HubTransport | undefined;
  #eventsTopic = '';
  #hasSubscribed = false;
  #isClosed = false;
  #unanswered = 0;

  /**
   * Connects and subscribes.
   *
   * @throws EdgeError `HubUnreachable` when that fails or takes longer than `settings.connectTimeoutMs`; the reason of the
   *   signal
   */
  static async open(options: HubSessionOptions, signal: AbortSignal): Promise<HubSession> {
    const session = new HubSession(options);
    try {
      await withDeadline(session.#open(), {
        timeoutMs: options.settings.connectTimeoutMs,
        onTimeout: () =>
          new EdgeError('HubTimeout', `no session with edgeHub within ${options.settings.connectTimeoutMs} ms`),
        signal,
      });
      return session;
    } catch (cause) {
      await session[Symbol.asyncDispose]();
      if (signal.aborted) throw signal.reason;
      throw new EdgeError('HubUnreachable', `cannot join edgeHub: ${messageOf(cause)}`, { cause });
    }
  }

  private constructor(options: HubSessionOptions) {
    this.#options = options;
  }

  /** Resolves, with the reason, when the session is of no more use. */
  get lost(): Promise<EdgeError> {
    return this.#lost.promise;
  }

  /** True when outputs can be sent now. False for moments while the token is renewed. */
  get isUp(): boolean {
    return this.#client?.isUp === true && !this.#isClosed;
  }

  /**
   * Sends messages to outputs, all or none, and waits until edgeHub has them.
   *
   * @throws EdgeError `OutputTooLarge`, before anything is sent; `HubConnectionLost`, `HubTimeout`: edgeHub may have some
   */
  async send(messages: readonly OutputMessage[]): Promise<void> {
    const { sendTimeoutMs } = this.#options.settings;
    const prepared = messages.map((message) => ({
      topic: outputTopic(this.#eventsTopic, message),
      body: message.body,
    }));
    const client = this.#client;
    if (client === undefined || this.#isClosed) {
      throw new EdgeError('HubConnectionLost', 'there is no connection to edgeHub');
    }
    await Promise.all(prepared.map(({ topic, body }) => client.send(topic, body, sendTimeoutMs)));
  }

  /** Answers a direct method. */
  respond(requestId: string, status: number, payload: string): void {
    this.#client?.respond(requestId, status, payload);
  }

  /** @throws EdgeError `HubTimeout`, `HubRefused`, `HubConnectionLost` */
  async fetchTwin(): Promise<TwinProperties> {
    const twin = await this.#request<TwinProperties>('read the twin', (transport, done) => transport.getTwin(done));
    if (twin === undefined) throw new EdgeError('HubRefused', 'cannot read the twin: edgeHub answered with nothing');
    return twin;
  }

  /**
   * Patches the reported properties.
   *
   * @throws EdgeError `HubTimeout`, `HubRefused`, `HubConnectionLost`
   */
  async report(patch: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#request('report properties', (transport, done) => transport.updateTwinReportedProperties(patch, done));
  }

  /** Gives the session up; `reason` goes to whoever waits for its loss. */
  abandon(reason: string, cause?: unknown): void {
    this.#lost.resolve(new EdgeError('HubConnectionLost', reason, { cause }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.abandon('the session was closed');
    this.#transport?.release();
    const sdk = this.#sdk;
    if (sdk !== undefined) {
      await withDeadline(sdk.close(), {
        timeoutMs: GOODBYE_MS,
        onTimeout: () => new EdgeError('HubTimeout', 'edgeHub did not say goodbye'),
      }).catch(() => {});
    }
    this.#client?.destroy();
  }

  async #open(): Promise<void> {
    const { createClient, settings, logger, events } = this.#options;
    const sdk = await createClient(
      boundTransport(
        {
          connect: (uri, options) => this.#connect(uri, options),
          renewalFailed: (err) => logger.warn({ err }, 'the token could not be renewed, trying again'),
          tokenLifetime: settings.tokenLifetime,
        },
        (transport) => (this.#transport = transport),
      ),
    );
    this.#sdk = sdk;
    const transport = this.#transport;
    if (transport === undefined) throw new TypeError('createClient did not make the transport that it was given');
    sdk.setRetryPolicy(noRetry);
    sdk.on('error', (error: Error) => this.abandon(`the SDK failed: ${messageOf(error)}`, error));
    sdk.on('disconnect', () => this.abandon('the connection to edgeHub ended'));
    transport.on('twinDesiredPropertiesUpdate', (patch: Record<string, unknown>) => events.desiredChanged(patch));
    await sdk.open();
    await fromCallback((done) => transport.enableTwinDesiredPropertiesUpdates(done));
    await fromCallback((done) => transport.enableMethods(done));
    await fromCallback((done) => transport.enableInputMessages(done));
    this.#hasSubscribed = true;
  }

  #connect(uri: string, options: IClientOptions): HubClient | RefusedClient {
    if (this.#isClosed) return new RefusedClient();
    const [deviceId = '', moduleId = ''] = options.clientId?.split('/') ?? [];
    this.#eventsTopic = `devices/${deviceId}/modules/${moduleId}/messages/events/`;
    const client = HubClient.connect(uri, options, {
      connected: (_, sessionPresent) => {
        // the SDK does not subscribe again when it renews a token
        if (this.#hasSubscribed && !sessionPresent) this.abandon('edgeHub forgot the subscriptions of this module');
      },
      closed: () => {},
      input: (delivery) => this.#deliver(delivery),
      method: (call) => this.#options.events.methodCalled(call),
      ignored: (topic, reason) => this.#options.logger.warn({ topic, reason }, 'a packet of edgeHub was ignored'),
    });
    this.#client = client;
    return client;
  }

  #deliver(delivery: RawDelivery): void {
    const message = parseInputTopic(delivery.topic, delivery.payload);
    if (message === undefined) return;
    const held = this.#client?.heldMessages ?? 0;
    if (held > this.#options.settings.maxHeldMessages) {
      this.abandon(
        `edgeHub sent more than ${this.#options.settings.maxHeldMessages} messages without waiting for acknowledgement`,
      );
      return;
    }
    this.#options.events.delivered({
      message,
      acknowledge: () => !this.#isClosed && delivery.acknowledge(),
      isLive: () => !this.#isClosed && delivery.isLive(),
      release: () => {
        if (delivery.isLive()) this.abandon('a message could not be seen to');
      },
    });
  }

  async #request<Value>(
    what: string,
    start: (transport: HubTransport, done: (error?: Error | null, value?: Value) => void) => void,
  ): Promise<Value | undefined> {
    const { twinTimeoutMs } = this.#options.settings;
    const transport = this.#transport;
    // the SDK would connect by itself, and fight with the session that comes after this one
    if (transport === undefined || !this.isUp)
      throw new EdgeError('HubConnectionLost', `cannot ${what}: no connection`);
    const timeout = new EdgeError('HubTimeout', `cannot ${what}: edgeHub did not answer within ${twinTimeoutMs} ms`, {
      details: { timeoutMs: twinTimeoutMs },
    });
    try {
      const value = await withDeadline(
        fromCallback<Value>((done) => start(transport, done)),
        { timeoutMs: twinTimeoutMs, onTimeout: () => timeout },
      );
      this.#unanswered = 0;
      return value;
    } catch (cause) {
      if (cause !== timeout) throw new EdgeError('HubRefused', `cannot ${what}: ${messageOf(cause)}`, { cause });
      this.#unanswered += 1;
      if (this.#unanswered >= UNANSWERED_LIMIT)
        this.abandon(`edgeHub left ${this.#unanswered} twin requests unanswered`);
      throw timeout;
    }
  }
}
