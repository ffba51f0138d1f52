import { EventEmitter } from 'node:events';
import mqtt from 'mqtt';
import type { IClientOptions, IClientPublishOptions, IClientSubscribeOptions, MqttClient, Packet } from 'mqtt';
import { EdgeError } from '../edge-error.ts';
import { DeliveryLedger } from './delivery-ledger.ts';
import { isInputTopic } from './message-topic.ts';
import { PacketIds } from './packet-ids.ts';
import { parseMethodTopic, repairTwinResponse } from './twin-and-method-topics.ts';
import { UnconfirmedOutputs } from './unconfirmed-outputs.ts';

/** A PUBLISH on an input, as it came. */
export interface RawDelivery {
  readonly topic: string;
  readonly payload: Buffer;
  /** Sends the PUBACK, in order; false when the connection is gone and the message will come again. */
  acknowledge(): boolean;
  /** False when the connection is gone. */
  isLive(): boolean;
}

/** A direct method that the hub calls. */
export interface RawMethodCall {
  readonly methodName: string;
  readonly requestId: string;
  readonly payload: Buffer;
}

/** Who is told what comes over one connection. None of these may throw. */
export interface HubClientEvents {
  connected(client: HubClient, sessionPresent: boolean): void;
  /** Once, after `connected` or instead of it. */
  closed(client: HubClient): void;
  input(delivery: RawDelivery): void;
  method(call: RawMethodCall): void;
  /** Something came that no hub should send; it was left out. */
  ignored(topic: string, reason: string): void;
}

/** What is used of mqtt.js beyond its typings; `hub-client.test.ts` fails when a new version does otherwise. */
interface MqttInternals {
  readonly stream: NodeJS.WritableStream & { setNoDelay?(on: boolean): void };
  handleMessage(packet: Packet, callback: (error?: Error) => void): void;
}

interface InputPacket {
  readonly cmd: string;
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly messageId?: number;
}

type PublishArguments = [
  topic: string,
  payload: string | Buffer,
  options: IClientPublishOptions,
  done: (error?: Error) => void,
];

/** Tells mqtt.js not to send the PUBACK, and to go on with the next packet. */
class AcknowledgedLater extends TypeError {}
const acknowledgedLater = new AcknowledgedLater('the PUBACK is sent when the work is done');

/**
 * One connection to edgeHub: an mqtt.js client, and what the SDK sees of it. It stands between the two so that
 *
 * - a message on an input is acknowledged when the work is done, not when it comes: mqtt.js leaves the PUBACK out when the
 *   callback of `handleMessage` gets an error, and goes on parsing;
 * - inputs and direct methods do not go through the SDK, which would turn every body into JSON twice for its debug log;
 * - answers to twin requests that carry an error reach the SDK as errors;
 * - small packets leave at once (no Nagle).
 */
export class HubClient extends EventEmitter {
  readonly #mqtt: MqttClient;
  readonly #events: HubClientEvents;
  readonly #ledger: DeliveryLedger;
  readonly #outputs: UnconfirmedOutputs;
  #isUp = false;
  #isClosed = false;

  /** The shape of mqtt.js' own `connect`. */
  static connect(uri: string, options: IClientOptions, events: HubClientEvents): HubClient {
    return new HubClient(mqtt.connect(uri, { ...options, messageIdProvider: PacketIds.forMqttJs() }), events);
  }

  private constructor(client: MqttClient, events: HubClientEvents) {
    super();
    this.#mqtt = client;
    this.#events = events;
    const internals = client as unknown as MqttInternals;
    internals.stream.setNoDelay?.(true);
    this.#ledger = new DeliveryLedger((packetId) => {
      // PUBACK, MQTT 3.1.1 §3.4
      internals.stream.write(Buffer.from([0x40, 0x02, packetId >> 8, packetId & 0xff]));
    });
    this.#outputs = new UnconfirmedOutputs((packet) => void internals.stream.write(packet));
    client.on('packetreceive', (packet) => {
      if (packet.cmd === 'puback' && packet.messageId !== undefined) this.#outputs.confirm(packet.messageId);
    });
    internals.handleMessage = (packet, callback) => this.#take(packet as InputPacket, callback);
    client.on('connect', (connack) => this.#onConnect(connack));
    client.on('close', () => this.#onClose());
    client.on('error', (error) => this.#emitError(error));
    client.on('offline', () => this.emit('offline'));
  }

  /** True between the CONNACK and the end of the connection. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Inputs that are not acknowledged yet. */
  get heldMessages(): number {
    return this.#ledger.size;
  }

  /**
   * Publishes with QoS 1 and waits for the PUBACK.
   *
   * @throws EdgeError `HubConnectionLost` when the connection ended first, `HubTimeout` after `timeoutMs`; in both cases
   *   the hub may have the message
   */
  send(topic: string, body: string, timeoutMs: number): Promise<void> {
    if (!this.#isUp) return Promise.reject(connectionLost('the connection to edgeHub is down'));
    return this.#outputs.send(topic, body, timeoutMs);
  }

  /** Answers a direct method; QoS 0, as the SDK does. */
  respond(requestId: string, status: number, payload: string): void {
    if (this.#isUp) this.#mqtt.publish(`$iothub/methods/res/${status}/?$rid=${requestId}`, payload, { qos: 0 });
  }

  /** Ends the connection without any courtesy: the session stays, and the hub delivers again what is open. */
  destroy(): void {
    this.#onClose();
    this.#mqtt.end(true);
  }

  // What the SDK calls; the names and the shapes are those of mqtt.js.

  publish(...[topic, payload, options, done]: PublishArguments): this {
    this.#mqtt.publish(topic, payload, options, done as never);
    return this;
  }

  subscribe(topic: string, options: IClientSubscribeOptions, done: (error: Error) => void): this {
    this.#mqtt.subscribe(topic, options, done as never);
    return this;
  }

  unsubscribe(topic: string, done: (error?: Error) => void): this {
    this.#mqtt.unsubscribe(topic, done);
    return this;
  }

  /** Without force it waits for the outputs on their way, as mqtt.js does for those that it knows. */
  end(force: boolean, done: () => void): this {
    if (force) this.#mqtt.end(true, {}, done);
    else void this.#outputs.drained().then(() => this.#mqtt.end(false, {}, done));
    return this;
  }

  #take(packet: InputPacket, callback: (error?: Error) => void): void {
    if (packet.cmd !== 'publish') {
      callback();
      return;
    }
    if (!isInputTopic(packet.topic)) {
      this.#forward(packet.topic, packet.payload);
      callback();
      return;
    }
    const isOwed = packet.qos === 1 && packet.messageId !== undefined;
    const acknowledge = isOwed ? this.#ledger.take(packet.messageId) : () => true;
    callback(isOwed ? acknowledgedLater : undefined);
    this.#events.input({
      topic: packet.topic,
      payload: packet.payload,
      acknowledge,
      isLive: () => !this.#isClosed,
    });
  }

  #forward(topic: string, payload: Buffer): void {
    if (topic.startsWith('$iothub/methods/')) {
      const call = parseMethodTopic(topic);
      if (call === undefined) this.#events.ignored(topic, 'it does not name a method and a request');
      else this.#events.method({ ...call, payload });
      return;
    }
    const repaired = repairTwinResponse(topic, payload);
    if (repaired === undefined) this.#events.ignored(topic, 'its body is not a JSON object');
    else this.emit('message', topic, repaired);
  }

  #onConnect(connack: { readonly sessionPresent: boolean }): void {
    this.#isUp = true;
    this.#events.connected(this, connack.sessionPresent);
    this.emit('connect', connack);
  }

  #onClose(): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#isUp = false;
      this.#ledger.close();
      this.#outputs.fail(connectionLost('the connection to edgeHub ended before it confirmed'));
      this.#events.closed(this);
    }
    this.emit('close');
  }

  /** An `error` event without a listener would end the process; the SDK has none at times. */
  #emitError(error: Error): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
  }
}

function connectionLost(message: string, cause?: unknown): EdgeError {
  return new EdgeError('HubConnectionLost', message, { cause });
}
