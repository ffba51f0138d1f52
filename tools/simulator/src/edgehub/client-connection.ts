import type { Duplex } from 'node:stream';
import { messageOf } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import type { IConnectPacket, IPublishPacket, ISubscription } from 'mqtt-packet';
import type { FaultPlan } from '../faults/fault-plan.ts';
import { identityText } from '../hub/identity.ts';
import type { Identity } from '../hub/identity.ts';
import type { MethodResult } from '../hub/direct-method.ts';
import type { Authentication } from './client-authentication.ts';
import type { ClientDirectory } from './client-directory.ts';
import type { Client, MethodRequest } from './client.ts';
import type { EdgeHubTimings } from './edge-hub-timings.ts';
import type { EdgeMessage } from './edge-message.ts';
import { acknowledgementOf } from './input-acknowledgement.ts';
import type { InputOutcome } from './input-acknowledgement.ts';
import { MqttConnection } from './mqtt-connection.ts';
import type { ConnectAnswer, MqttConnectionHandler } from './mqtt-connection.ts';
import { outboundTopics, parseInboundTopic, subscriptionKind } from './mqtt-topics.ts';
import type { SubscriptionKind } from './mqtt-topics.ts';
import { PendingMethods } from './pending-methods.ts';
import { encodePropertyBag } from './property-bag.ts';
import { SimulatorError } from '../simulator-error.ts';
import type { SessionStore } from './session-store.ts';
import { SubscriptionSet } from './subscription-set.ts';
import { outgoingProperties, telemetryMessage } from './telemetry-message.ts';
import { Turns } from './turns.ts';

const MAX_TIMER_MS = 2 ** 31 - 1;

/** What connections share: the rest of edgeHub, as they see it. */
export interface ConnectionContext {
  readonly clients: ClientDirectory;
  readonly sessions: SessionStore;
  readonly timings: EdgeHubTimings;
  readonly now: () => number;
  readonly emit: EventSink;
  readonly faults?: FaultPlan;
  /** Who serves the clients: the first part of the stage of its events; default `edgehub`. */
  readonly stage?: string;
  /** True: a topic that means nothing closes the connection, as IoT Hub does it; edgeHub drops the message. */
  readonly isStrict?: boolean;
  authenticate(packet: IConnectPacket): Authentication;
  /** Resolves when the message is stored in every queue that it belongs into. */
  takeMessage(message: EdgeMessage): Promise<void>;
  /** Answers a twin request with its status and body. */
  getTwin(client: Client): { status: number; body: Buffer };
  /** The version, if there is one, goes into the topic of the answer; edgeHub tells none. */
  patchReported(client: Client, payload: Buffer): Promise<{ status: number; body: Buffer; version?: number }>;
  /** Counts a CONNECT that was turned away. */
  refused(name: string, reason: string): void;
}

/** One client's connection: its CONNECT, its subscriptions, what it publishes and what it is sent. */
export class ClientConnection implements Client, MqttConnectionHandler {
  readonly #context: ConnectionContext;
  readonly #mqtt: MqttConnection;
  readonly #abandoned = new AbortController();
  /** One message at a time, whichever input it is for. */
  readonly #inputs = new Turns();
  #identity: Identity | undefined;
  #name = 'a client that has not said its name';
  #subscriptions: SubscriptionSet | undefined;
  #methods = new PendingMethods('');
  #expiryTimer: NodeJS.Timeout | undefined;
  #expiresAt = Infinity;

  constructor(stream: Duplex, context: ConnectionContext) {
    this.#context = context;
    const { faults, timings } = context;
    this.#mqtt = new MqttConnection({
      stream,
      handler: this,
      connectTimeoutMs: timings.connectTimeoutMs,
      ...(faults !== undefined && {
        faults: {
          puback: () => faults.puback(this.identity),
          link: () => this.#identity && faults.link(this.#identity),
        },
      }),
    });
  }

  get name(): string {
    return this.#name;
  }

  get identity(): Identity {
    if (this.#identity === undefined) throw new TypeError('the identity of a client is known after its CONNECT only');
    return this.#identity;
  }

  isSubscribedTo(kind: SubscriptionKind): boolean {
    return this.#mqtt.isOpen && this.#subscriptions?.kinds().has(kind) === true;
  }

  sendInput(message: EdgeMessage, input: string, signal: AbortSignal): Promise<InputOutcome | 'unmatched'> {
    return this.#inputs.take(() => this.#sendInput(message, input, signal));
  }

  async deliver(topic: string, payload: Buffer, signal: AbortSignal): Promise<InputOutcome | 'unmatched'> {
    const subscription = this.#subscriptions?.match(topic, Infinity);
    if (!this.#mqtt.isOpen) return 'abandoned';
    if (subscription === undefined) return 'unmatched';
    const { qos } = subscription;
    return acknowledgementOf((acknowledged) => this.#mqtt.publish({ topic, payload, qos }, acknowledged), {
      timeoutMs: this.#context.timings.ackTimeoutMs,
      signals: [signal, this.#abandoned.signal],
    });
  }

  send(topic: string, payload: Buffer): void {
    const subscription = this.#subscriptions?.match(topic, Infinity);
    if (subscription !== undefined) this.#mqtt.publish({ topic, payload, qos: subscription.qos });
  }

  callMethod(request: MethodRequest): Promise<MethodResult> {
    const payload = Buffer.from(JSON.stringify(request.payload) ?? '');
    return this.#methods.call(request, (requestId) =>
      this.send(outboundTopics.methodRequest(request.methodName, requestId), payload),
    );
  }

  giveWay(): void {
    this.#abandoned.abort();
    this.#mqtt.close('the same client connected again');
  }

  disconnect(reason: string): void {
    this.#mqtt.close(reason);
  }

  cut(reason: string): void {
    this.#mqtt.cut(reason);
  }

  checkToken(): void {
    if (this.#expiresAt <= this.#context.now()) this.#mqtt.close('its token expired');
  }

  connect(packet: IConnectPacket): ConnectAnswer {
    const { sessions, timings } = this.#context;
    const authentication = this.#context.authenticate(packet);
    if (!authentication.ok) {
      this.#name = packet.clientId;
      this.#context.refused(packet.clientId, authentication.reason);
      return authentication;
    }
    this.#identity = authentication.identity;
    this.#name = identityText(authentication.identity);
    this.#methods = new PendingMethods(this.#name);
    this.#subscriptions = new SubscriptionSet(this.#name, sessions, packet.clean !== false);
    this.#closeAt(authentication.expiresAt);
    const asked = (packet.keepalive ?? 0) * 1500;
    const keepAliveMs = asked === 0 ? timings.maxKeepAliveMs : Math.min(asked, timings.maxKeepAliveMs);
    return { returnCode: 0, sessionPresent: this.#subscriptions.isRestored, keepAliveMs };
  }

  connected(): void {
    this.#note('connected', 'done', 'Connected');
    this.#context.clients.add(this);
    for (const kind of this.#subscriptions?.kinds() ?? []) this.#context.clients.subscribed(this, kind);
  }

  async publish(packet: IPublishPacket & { payload: Buffer }): Promise<void> {
    const topic = parseInboundTopic(packet.topic);
    switch (topic.kind) {
      case 'telemetry': {
        const message = this.#messageOf(topic, packet);
        if (message !== undefined) await this.#context.takeMessage(message);
        break;
      }
      case 'twinGet': {
        const { status, body } = this.#context.getTwin(this);
        this.send(outboundTopics.twinResponse(status, topic.requestId), body);
        break;
      }
      case 'twinPatch': {
        const { status, body, version } = await this.#context.patchReported(this, packet.payload);
        const suffix = version === undefined ? '' : `&$version=${version}`;
        if (topic.requestId !== undefined)
          this.send(`${outboundTopics.twinResponse(status, topic.requestId)}${suffix}`, body);
        break;
      }
      case 'methodResponse':
        if (!this.#methods.reply(topic.requestId, topic.status, packet.payload)) {
          this.warn(`ignored a reply to a method call that nobody waits for ("${topic.requestId}")`);
        }
        break;
      case 'unknown':
        if (this.#context.isStrict === true) throw topicUnknown(packet.topic);
        this.warn(`dropped a message on the topic "${packet.topic}", which means nothing to edgeHub`);
    }
  }

  subscribe(subscriptions: readonly ISubscription[]): number[] {
    const before = this.#subscriptions?.kinds() ?? new Set();
    const granted = subscriptions.map(({ topic, qos }) => {
      const grantedQos = qos === 0 ? 0 : 1;
      this.#subscriptions?.add(topic, grantedQos, this.#context.now());
      return grantedQos;
    });
    const kinds = new Set(subscriptions.map(({ topic }) => subscriptionKind(topic)));
    for (const kind of kinds) if (!before.has(kind)) this.#context.clients.subscribed(this, kind);
    return granted;
  }

  unsubscribe(filters: readonly string[]): void {
    for (const filter of filters) this.#subscriptions?.remove(filter);
    const kinds = this.#subscriptions?.kinds() ?? new Set();
    for (const kind of new Set(filters.map((filter) => subscriptionKind(filter)))) {
      if (!kinds.has(kind)) this.#context.clients.unsubscribed(this, kind);
    }
  }

  closed(reason: string, will: IConnectPacket['will']): void {
    clearTimeout(this.#expiryTimer);
    if (this.#context.timings.resumeAtOnce) this.#abandoned.abort();
    this.#note('disconnected', 'note', `Disconnected (${reason})`);
    if (this.#identity === undefined) return;
    this.#context.clients.remove(this);
    if (will !== undefined) this.#publishWill(will);
  }

  warn(text: string): void {
    this.#note('warning', 'note', text);
  }

  async #sendInput(message: EdgeMessage, input: string, signal: AbortSignal): Promise<InputOutcome | 'unmatched'> {
    const { deviceId, moduleId } = this.identity;
    if (!this.#mqtt.isOpen || moduleId === undefined) return 'abandoned';
    const bag = encodePropertyBag(outgoingProperties(message));
    const topic = outboundTopics.moduleInput({ deviceId, moduleId }, input, bag);
    const enqueued = message.systemProperties['enqueuedTime'];
    const madeAt = enqueued === undefined || enqueued === null ? Infinity : Date.parse(enqueued);
    const subscription = this.#subscriptions?.match(topic, madeAt);
    if (subscription === undefined) return 'unmatched';
    const qos = message.properties['mqtt-qos'] === '0' ? 0 : subscription.qos;
    return acknowledgementOf(
      (acknowledged) => this.#mqtt.publish({ topic, payload: message.body, qos }, acknowledged),
      {
        timeoutMs: this.#context.timings.ackTimeoutMs,
        signals: [signal, this.#abandoned.signal],
      },
    );
  }

  #messageOf(
    topic: Parameters<typeof telemetryMessage>[0],
    packet: Parameters<typeof telemetryMessage>[1],
  ): EdgeMessage | undefined {
    try {
      return telemetryMessage(topic, packet);
    } catch (error) {
      // edgeHub logs these and acknowledges them all the same
      this.warn(messageOf(error));
      return undefined;
    }
  }

  #publishWill(will: NonNullable<IConnectPacket['will']>): void {
    const topic = parseInboundTopic(will.topic);
    if (topic.kind !== 'telemetry') return;
    const payload = typeof will.payload === 'string' ? Buffer.from(will.payload) : will.payload;
    const message = this.#messageOf(topic, { payload, retain: will.retain === true, dup: false });
    if (message === undefined) return;
    const marked = { ...message, properties: { ...message.properties, MessageType: 'Will' } };
    this.#context.takeMessage(marked).catch((error: unknown) => this.warn(`lost its will: ${messageOf(error)}`));
  }

  /** A token that has ended ends the connection that it opened. */
  #closeAt(expiresAt: number): void {
    this.#expiresAt = expiresAt;
    if (expiresAt === Infinity) return;
    const check = () => {
      const left = expiresAt - this.#context.now();
      if (left <= 0) this.#mqtt.close('its token expired');
      else this.#expiryTimer = setTimeout(check, Math.min(left, MAX_TIMER_MS));
    };
    this.#expiryTimer = setTimeout(check, Math.min(Math.max(expiresAt - this.#context.now(), 0), MAX_TIMER_MS));
  }

  #note(stage: 'connected' | 'disconnected' | 'warning', state: 'done' | 'note', text: string): void {
    this.#context.emit({
      stage: `${this.#context.stage ?? 'edgehub'}.client.${stage}`,
      state,
      text: `${this.#name}: ${text}`,
      data: { client: this.#name },
    });
  }
}

function topicUnknown(topic: string): SimulatorError {
  return new SimulatorError('SimulatorRequestInvalid', `the topic "${topic}" means nothing to IoT Hub`, {
    details: { topic },
  });
}
