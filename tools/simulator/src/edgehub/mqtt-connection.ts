import type { Duplex } from 'node:stream';
import { messageOf } from '@edgewright/contract';
import { generate, parser } from 'mqtt-packet';
import type { IConnectPacket, IPublishPacket, ISubscription, Packet } from 'mqtt-packet';
import type { Link, PubackFate } from '../faults/fault-plan.ts';
import { ShapedLink } from '../faults/shaped-link.ts';

/** The largest remaining length of a packet (`MaxInboundMessageSize`). */
export const MAX_PACKET_BYTES = 262_144;
/** PUBLISH packets that may wait for their PUBACK before reading stops (`MaxPendingInboundAcknowledgements`). */
const MAX_PENDING_ACKNOWLEDGEMENTS = 16;
/** A client that does not read what it is sent is cut off. */
const MAX_OUTGOING_BYTES = 8 * 1024 * 1024;
/** How long the last packets to a client may take to leave. */
const CLOSE_GRACE_MS = 1000;
/** Largest fixed header: the packet's type and four bytes of length. */
const MAX_HEADER_BYTES = 5;
/** edgeHub never numbers the messages that it sends: all carry this packet id. */
const OUTGOING_PACKET_ID = 1;

/** The answer to a CONNECT. */
export type ConnectAnswer =
  | { readonly returnCode: 0; readonly sessionPresent: boolean; readonly keepAliveMs: number }
  /** 1: protocol version, 3: server unavailable, 5: not authorized. */
  | { readonly returnCode: 1 | 3 | 5; readonly reason: string };

/** What a connection asks of the hub it belongs to. */
export interface MqttConnectionHandler {
  connect(packet: IConnectPacket): ConnectAnswer;
  /** After the CONNACK is on its way. */
  connected(): void;
  /** Resolves when the message may be acknowledged; a rejection closes the connection without an acknowledgement. */
  publish(packet: IPublishPacket & { payload: Buffer }): Promise<void>;
  /** Returns the granted quality of service of each. */
  subscribe(subscriptions: readonly ISubscription[]): number[];
  unsubscribe(filters: readonly string[]): void;
  /** Called once. `will` is what the client wanted published, unless it said good-bye. */
  closed(reason: string, will: IConnectPacket['will']): void;
  /** Something odd that closes nothing. */
  warn(text: string): void;
}

/** What may go wrong with a connection, on demand. */
export interface MqttConnectionFaults {
  /** Asked once for each PUBACK that is due. */
  puback(): PubackFate;
  /** How slow the link is now; undefined: not at all. */
  link(): Link | undefined;
}

export interface MqttConnectionOptions {
  readonly stream: Duplex;
  readonly faults?: MqttConnectionFaults;
  readonly handler: MqttConnectionHandler;
  /** How long to wait for the CONNECT, in milliseconds. */
  readonly connectTimeoutMs: number;
}

interface Acknowledgement {
  readonly messageId: number;
  state: 'waiting' | 'due' | 'dropped';
}

/**
 * One MQTT 3.1.1 connection as edgeHub's gateway handles it: QoS 0 and 1, PUBACKs in the order of the messages, a limit on
 * what waits for them, and no DUP, no packet ids and no retained messages on what it sends.
 */
export class MqttConnection {
  readonly #stream: Duplex;
  readonly #handler: MqttConnectionHandler;
  readonly #parser = parser({ protocolVersion: 4 });
  readonly #acknowledgements: Acknowledgement[] = [];
  readonly #outgoing: (() => void)[] = [];
  readonly #faults: MqttConnectionFaults | undefined;
  readonly #inward: ShapedLink;
  readonly #outward: ShapedLink;
  #state: 'waiting' | 'connected' | 'closed' = 'waiting';
  #will: IConnectPacket['will'];
  #idleTimer: NodeJS.Timeout;
  #isCorked = false;

  constructor({ stream, handler, connectTimeoutMs, faults }: MqttConnectionOptions) {
    this.#stream = stream;
    this.#handler = handler;
    this.#faults = faults;
    this.#inward = new ShapedLink(() => faults?.link());
    this.#outward = new ShapedLink(() => faults?.link());
    this.#idleTimer = setTimeout(() => this.close('no CONNECT arrived in time'), connectTimeoutMs);
    this.#parser.on('packet', (packet) => this.#receive(packet));
    this.#parser.on('error', (error) => this.close(`not MQTT: ${messageOf(error)}`));
    stream.on('data', (chunk: Buffer) => this.#receiveBytes(chunk));
    stream.on('error', (error) => this.close(messageOf(error)));
    stream.on('close', () => this.close('the client closed the connection'));
  }

  get isOpen(): boolean {
    return this.#state === 'connected';
  }

  /**
   * Sends a message.
   *
   * @param onAcknowledged called when the client acknowledges it, or at once with QoS 0; never after the connection is closed
   */
  publish(message: { topic: string; payload: Buffer; qos: 0 | 1 }, onAcknowledged: () => void = () => {}): void {
    if (this.#state !== 'connected') return;
    const { topic, payload, qos } = message;
    this.#write({
      cmd: 'publish',
      topic,
      payload,
      qos,
      dup: false,
      retain: false,
      ...(qos === 1 && { messageId: OUTGOING_PACKET_ID }),
    });
    if (qos === 1) this.#outgoing.push(onAcknowledged);
    else onAcknowledged();
  }

  /** Breaks the connection off: what is under way is lost. */
  cut(reason: string): void {
    this.#stream.destroy();
    this.close(reason);
  }

  /** Ends the connection at once. */
  close(reason: string): void {
    if (this.#state === 'closed') return;
    const wasConnected = this.#state === 'connected';
    this.#state = 'closed';
    clearTimeout(this.#idleTimer);
    this.#outgoing.length = 0;
    this.#inward.cut();
    this.#outward.cut();
    // what was written before, a refusing CONNACK for instance, still goes out
    this.#stream.uncork();
    const giveUp = setTimeout(() => this.#stream.destroy(), CLOSE_GRACE_MS);
    this.#stream.once('close', () => clearTimeout(giveUp));
    this.#stream.end(() => this.#stream.destroy());
    this.#handler.closed(reason, wasConnected ? this.#will : undefined);
  }

  #receiveBytes(chunk: Buffer): void {
    this.#inward.pass(chunk.length, () => {
      this.#read(chunk);
      this.#resumeReading();
    });
    // a slow link holds its sender back
    if (this.#inward.queuedBytes > MAX_PACKET_BYTES) this.#stream.pause();
  }

  #read(chunk: Buffer): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'connected') this.#idleTimer.refresh();
    const buffered = this.#parser.parse(chunk);
    if (buffered > MAX_PACKET_BYTES + MAX_HEADER_BYTES) this.close(`a packet is larger than ${MAX_PACKET_BYTES} bytes`);
  }

  #receive(packet: Packet): void {
    if (this.#state === 'closed') return;
    if ((packet.length ?? 0) > MAX_PACKET_BYTES) {
      this.close(`a packet is larger than ${MAX_PACKET_BYTES} bytes`);
    } else if (packet.cmd === 'connect') {
      if (this.#state === 'waiting') this.#connect(packet);
      else this.close('a second CONNECT');
    } else if (this.#state === 'waiting') {
      this.close(`the first packet is ${packet.cmd.toUpperCase()}, not CONNECT`);
    } else this.#receiveConnected(packet);
  }

  #receiveConnected(packet: Exclude<Packet, IConnectPacket>): void {
    switch (packet.cmd) {
      case 'publish':
        this.#receivePublish(packet);
        break;
      case 'puback':
        this.#receiveAcknowledgement(packet.messageId);
        break;
      case 'subscribe':
        this.#answer({
          cmd: 'suback',
          granted: this.#handler.subscribe(packet.subscriptions),
          ...messageIdOf(packet),
        });
        break;
      case 'unsubscribe':
        this.#handler.unsubscribe(packet.unsubscriptions);
        this.#answer({ cmd: 'unsuback', granted: [], ...messageIdOf(packet) });
        break;
      case 'pingreq':
        this.#answer({ cmd: 'pingresp' });
        break;
      case 'disconnect':
        this.#will = undefined;
        this.close('the client disconnected');
        break;
      default:
        this.close(`a packet that a client may not send: ${packet.cmd.toUpperCase()}`);
    }
  }

  #connect(packet: IConnectPacket): void {
    const answer: ConnectAnswer =
      packet.protocolVersion === 4
        ? this.#handler.connect(packet)
        : { returnCode: 1, reason: `MQTT version ${packet.protocolVersion ?? 0}; edgeHub speaks 3.1.1 only` };
    if (answer.returnCode !== 0) {
      this.#send({ cmd: 'connack', returnCode: answer.returnCode, sessionPresent: false });
      this.close(answer.reason);
      return;
    }
    this.#state = 'connected';
    this.#will = packet.will;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(
      () => this.close(`nothing heard for ${answer.keepAliveMs} ms, one and a half times the keep-alive`),
      answer.keepAliveMs,
    );
    this.#send({ cmd: 'connack', returnCode: 0, sessionPresent: answer.sessionPresent });
    this.#handler.connected();
  }

  #receivePublish(packet: IPublishPacket): void {
    if (packet.qos === 2) {
      this.close('a message with QoS 2, which edgeHub does not take');
      return;
    }
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    const pending: Acknowledgement = { messageId: packet.messageId ?? 0, state: 'waiting' };
    this.#acknowledgements.push(pending);
    if (this.#acknowledgements.length >= MAX_PENDING_ACKNOWLEDGEMENTS) this.#stream.pause();
    this.#handler.publish({ ...packet, payload }).then(
      () => this.#makeDue(pending),
      (error: unknown) => this.close(`cannot take a message: ${messageOf(error)}`),
    );
  }

  #makeDue(pending: Acknowledgement): void {
    const fate = pending.messageId === 0 ? undefined : this.#faults?.puback();
    if (fate?.kind === 'delay') {
      setTimeout(() => this.#acknowledge(pending, 'due'), fate.delayMs).unref();
    } else this.#acknowledge(pending, fate?.kind === 'drop' ? 'dropped' : 'due');
  }

  /** Sends the PUBACKs that are due, in the order in which the messages came. */
  #acknowledge(settled: Acknowledgement, state: 'due' | 'dropped'): void {
    settled.state = state;
    for (let first = this.#acknowledgements[0]; first !== undefined; first = this.#acknowledgements[0]) {
      if (first.state === 'waiting') break;
      this.#acknowledgements.shift();
      if (first.messageId !== 0 && first.state === 'due') this.#answer({ cmd: 'puback', messageId: first.messageId });
    }
    this.#resumeReading();
  }

  #resumeReading(): void {
    if (this.#state === 'closed' || !this.#stream.isPaused()) return;
    if (this.#acknowledgements.length >= MAX_PENDING_ACKNOWLEDGEMENTS) return;
    if (this.#inward.queuedBytes <= MAX_PACKET_BYTES) this.#stream.resume();
  }

  #receiveAcknowledgement(messageId: number | undefined): void {
    const acknowledged = this.#outgoing[0];
    if (acknowledged === undefined || messageId !== OUTGOING_PACKET_ID) {
      this.#handler.warn(`ignored a PUBACK for packet ${messageId ?? 0}, which is not waited for`);
      return;
    }
    this.#outgoing.shift();
    acknowledged();
  }

  #answer(packet: Packet): void {
    if (this.#state === 'connected') this.#send(packet);
  }

  // Packets of one turn of the event loop leave together, in one TLS record.
  #send(packet: Packet): void {
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#stream.cork();
      setImmediate(() => {
        this.#isCorked = false;
        this.#stream.uncork();
      });
    }
    this.#write(packet);
  }

  #write(packet: Packet): void {
    const bytes = generate(packet);
    this.#outward.pass(bytes.length, () => this.#stream.write(bytes));
    const unsent = this.#stream.writableLength + this.#outward.queuedBytes;
    if (unsent > MAX_OUTGOING_BYTES) this.close('the client does not read what it is sent');
  }
}

function messageIdOf(packet: Packet): { messageId?: number } {
  return packet.messageId === undefined ? {} : { messageId: packet.messageId };
}
