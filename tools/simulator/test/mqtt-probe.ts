import { once } from 'node:events';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { generate, parser } from 'mqtt-packet';
import type { IConnectPacket, IPublishPacket, Packet } from 'mqtt-packet';
import { onTestFinished } from 'vitest';

export interface ProbeOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
  readonly ca: string;
  readonly clientId: string;
  readonly username: string;
  readonly password: string;
  readonly clean: boolean;
  readonly keepalive?: number;
  readonly will?: IConnectPacket['will'];
  readonly protocolVersion?: 3 | 4 | 5;
  readonly key?: string;
  readonly cert?: string;
}

/** A client that says what it is told to, packet by packet, and hands out what comes back. Nothing is acknowledged by itself. */
export class MqttProbe {
  readonly socket: TLSSocket;
  readonly #packets: Packet[] = [];
  #arrived = Promise.withResolvers<void>();
  #isClosed = false;

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    const reader = parser({ protocolVersion: 4 });
    reader.on('packet', (packet) => {
      this.#packets.push(packet);
      this.#wake();
    });
    socket.on('data', (chunk: Buffer) => reader.parse(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
    onTestFinished(() => {
      socket.destroy();
    });
  }

  /** Makes the TLS connection and sends nothing. */
  static async dial(options: Pick<ProbeOptions, 'host' | 'port' | 'ca' | 'key' | 'cert'>): Promise<MqttProbe> {
    const { host = '127.0.0.1', port, ca, key, cert } = options;
    const socket = connect({
      port,
      host,
      servername: 'localhost',
      ca,
      ...(key !== undefined && cert !== undefined && { key, cert }),
    });
    await once(socket, 'secureConnect');
    socket.setNoDelay(true);
    return new MqttProbe(socket);
  }

  /** Connects, and sends the CONNECT packet. */
  static async open(options: ProbeOptions): Promise<MqttProbe> {
    const probe = await MqttProbe.dial(options);
    const { clientId, username, password, clean, keepalive = 60, will, protocolVersion = 4 } = options;
    probe.send({
      cmd: 'connect',
      protocolId: protocolVersion === 3 ? 'MQIsdp' : 'MQTT',
      protocolVersion,
      clientId,
      username,
      clean,
      keepalive,
      ...(password !== '' && { password: Buffer.from(password) }),
      ...(will !== undefined && { will }),
    });
    return probe;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(packet: Packet): void {
    this.socket.write(generate(packet));
  }

  publish(topic: string, payload: string | Buffer, options: Partial<IPublishPacket> = {}): void {
    const qos = options.qos ?? 1;
    this.send({
      cmd: 'publish',
      topic,
      payload,
      dup: false,
      retain: false,
      ...(qos > 0 && { messageId: 7 }),
      ...options,
      qos,
    });
  }

  async subscribe(topic: string, qos: 0 | 1 | 2 = 1): Promise<readonly unknown[]> {
    this.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos }] });
    return (await this.next('suback')).granted;
  }

  acknowledge(packet: { readonly messageId?: number }): void {
    this.send({ cmd: 'puback', messageId: packet.messageId ?? 0 });
  }

  /** The next packet, which must be of this kind. Ends the test when there is none in time. */
  async next<Command extends Packet['cmd']>(
    command: Command,
    timeoutMs = 15_000,
  ): Promise<Extract<Packet, { cmd: Command }>> {
    const packet = await this.#next(timeoutMs);
    if (packet === undefined) throw new TypeError(`waited in vain for a ${command.toUpperCase()} packet`);
    if (packet.cmd !== command) {
      throw new TypeError(`expected a ${command.toUpperCase()} packet, got ${JSON.stringify(packet)}`);
    }
    return packet as Extract<Packet, { cmd: Command }>;
  }

  /** The next PUBLISH with its payload as text. */
  async message(timeoutMs = 15_000): Promise<IPublishPacket & { text: string }> {
    const packet = await this.next('publish', timeoutMs);
    return { ...packet, text: packet.payload.toString() };
  }

  /** True when nothing arrives and the connection stays open for so long. */
  async isQuiet(durationMs: number): Promise<boolean> {
    if (this.#packets.length > 0) return false;
    return (await this.#next(durationMs)) === undefined && !this.#isClosed;
  }

  /** Resolves when the other side has closed the connection; false when it did not in time. */
  async closed(timeoutMs = 15_000): Promise<boolean> {
    const deadline = Date.now() + timeoutMs;
    while (!this.#isClosed && Date.now() < deadline) await this.#wait(deadline - Date.now());
    return this.#isClosed;
  }

  /** Cuts the connection as a killed process does. */
  cut(): void {
    this.socket.destroy();
  }

  async #next(timeoutMs: number): Promise<Packet | undefined> {
    const deadline = Date.now() + timeoutMs;
    while (this.#packets.length === 0 && !this.#isClosed && Date.now() < deadline) {
      await this.#wait(deadline - Date.now());
    }
    return this.#packets.shift();
  }

  async #wait(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    await Promise.race([promise, this.#arrived.promise]);
    clearTimeout(timer);
  }

  #wake(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers<void>();
  }
}
