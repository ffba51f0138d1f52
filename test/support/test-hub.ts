import { once } from 'node:events';
import { createServer } from 'node:tls';
import type { Server, TLSSocket } from 'node:tls';
import { generate, parser } from 'mqtt-packet';
import type { IPublishPacket, Packet } from 'mqtt-packet';
import { createTestCertificate } from './test-certificate.ts';

/** A message that the module under test sent to one of its outputs. */
export interface ReceivedOutput {
  readonly outputName: string;
  readonly body: string;
  /** System properties under their wire names (`$.mid`), application properties under their own. */
  readonly properties: Readonly<Record<string, string>>;
}

interface Outgoing {
  readonly packet: IPublishPacket;
  readonly acknowledged: PromiseWithResolvers<void>;
  isSent: boolean;
}

/**
 * The MQTT side of edgeHub for one module, as little of it as a unit test of the edge host needs, with every fault a test
 * wants: it says nothing of edgeHub's queues, routes and certificates, for which there is the simulator.
 */
export class TestHub implements AsyncDisposable {
  readonly outputs: ReceivedOutput[] = [];
  readonly events: string[] = [];
  readonly reported: Record<string, unknown>[] = [];
  desired: Record<string, unknown> = { $version: 1 };
  /** Says how an output is answered: confirmed, or left without PUBACK. */
  onOutput: (output: ReceivedOutput) => 'confirm' | 'ignore' | Promise<'confirm' | 'ignore'> = () => 'confirm';
  /** The status of twin answers; `silent` leaves them out. */
  twinAnswer: number | 'silent' = 200;
  /** Whether a reconnecting client finds its session. */
  keepsSessions = true;
  /** Messages that may be on their way without acknowledgement; edgeHub: 1. */
  window = 1;
  #server: Server;
  #sockets = new Set<TLSSocket>();
  #subscriptions = new Set<string>();
  #queue: Outgoing[] = [];
  #calls = new Map<string, (answer: { status: number; payload: unknown }) => void>();
  #changed = Promise.withResolvers<void>();
  #packetId = 0;
  #port = 0;
  readonly #tls: { readonly certificate: string; readonly privateKey: string };

  static async start(): Promise<TestHub> {
    const hub = new TestHub(await createTestCertificate());
    await hub.listen();
    return hub;
  }

  private constructor(tls: { readonly certificate: string; readonly privateKey: string }) {
    this.#tls = tls;
    this.#server = this.#createServer();
  }

  get ca(): string {
    return this.#tls.certificate;
  }

  get connectionString(): string {
    const key = Buffer.from('not a secret').toString('base64');
    return `HostName=hub.test;GatewayHostName=localhost:${this.#port};DeviceId=dev;ModuleId=scorer;SharedAccessKey=${key}`;
  }

  /** Listens, again on the same port after `stop`. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
  }

  /** Ends all connections and refuses new ones until `listen`. */
  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.dropConnections();
    await closed;
    this.#server = this.#createServer();
  }

  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Routes a message to an input; resolves when the module has acknowledged it. */
  async deliver(
    inputName: string,
    body: string | Buffer,
    properties: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const bag = Object.entries(properties).map(
      ([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`,
    );
    const acknowledged = Promise.withResolvers<void>();
    this.#queue.push({
      packet: {
        cmd: 'publish',
        topic: ['devices/dev/modules/scorer/inputs', inputName, ...(bag.length > 0 ? [bag.join('&')] : [])].join('/'),
        payload: Buffer.from(body),
        qos: 1,
        dup: false,
        retain: false,
        messageId: 1,
      },
      acknowledged,
      isSent: false,
    });
    this.#pump();
    await acknowledged.promise;
  }

  patchDesired(patch: Record<string, unknown>): void {
    const version = Number(this.desired['$version']) + 1;
    this.desired = { ...this.desired, ...patch, $version: version };
    this.publish(
      `$iothub/twin/PATCH/properties/desired/?$version=${version}`,
      JSON.stringify({ ...patch, $version: version }),
    );
  }

  /** Sends any packet with QoS 0 to the module. */
  publish(topic: string, payload: string | Buffer): void {
    this.#write({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false });
  }

  async call(methodName: string, payload: unknown): Promise<{ status: number; payload: unknown }> {
    this.#packetId += 1;
    const requestId = String(this.#packetId);
    const answer = Promise.withResolvers<{ status: number; payload: unknown }>();
    this.#calls.set(requestId, answer.resolve);
    this.publish(`$iothub/methods/POST/${methodName}/?$rid=${requestId}`, JSON.stringify(payload) ?? '');
    return answer.promise;
  }

  /** Waits until `condition` holds; it is looked at whenever something happened here. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#changed.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dropConnections();
    this.#server.close();
    await Promise.resolve();
  }

  #createServer(): Server {
    const server = createServer({ key: this.#tls.privateKey, cert: this.#tls.certificate });
    server.on('secureConnection', (socket) => this.#serve(socket));
    return server;
  }

  #serve(socket: TLSSocket): void {
    socket.setNoDelay(true);
    const packets = parser({ protocolVersion: 4 });
    packets.on('packet', (packet) => void this.#handle(socket, packet));
    socket.on('data', (chunk) => packets.parse(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      for (const outgoing of this.#queue) outgoing.isSent = false;
      this.#note('closed');
    });
  }

  async #handle(socket: TLSSocket, packet: Packet): Promise<void> {
    if (packet.cmd === 'connect') {
      const sessionPresent = this.keepsSessions && this.#subscriptions.size > 0;
      if (!this.keepsSessions) this.#subscriptions.clear();
      for (const older of this.#sockets) older.destroy();
      this.#sockets = new Set([socket]);
      this.#write({ cmd: 'connack', returnCode: 0, sessionPresent });
      this.#note('connected');
      this.#pump();
    } else if (packet.cmd === 'subscribe') {
      for (const { topic } of packet.subscriptions) this.#subscriptions.add(topic);
      this.#write({
        cmd: 'suback',
        messageId: packet.messageId ?? 0,
        granted: packet.subscriptions.map(({ qos }) => qos),
      });
      this.#note(`subscribed ${packet.subscriptions.map(({ topic }) => topic).join()}`);
      this.#pump();
    } else if (packet.cmd === 'puback') {
      this.#queue.shift()?.acknowledged.resolve();
      this.#note('acknowledged');
      this.#pump();
    } else if (packet.cmd === 'publish') {
      await this.#onPublish(packet);
    } else if (packet.cmd === 'pingreq') {
      this.#write({ cmd: 'pingresp' });
    } else if (packet.cmd === 'disconnect') {
      this.#note('disconnected');
      socket.end();
    }
  }

  async #onPublish({ topic, payload, messageId }: IPublishPacket): Promise<void> {
    const body = payload.toString();
    const requestId = /\$rid=([^&]+)/.exec(topic)?.[1] ?? '';
    if (topic.startsWith('$iothub/methods/res/')) {
      const status = Number(topic.split('/')[3]);
      this.#calls.get(requestId)?.({ status, payload: JSON.parse(body) as unknown });
    } else if (topic.startsWith('$iothub/twin/GET/')) {
      this.#answerTwin(requestId, 200, JSON.stringify({ desired: this.desired, reported: { $version: 1 } }));
    } else if (topic.startsWith('$iothub/twin/PATCH/properties/reported/')) {
      this.reported.push(JSON.parse(body) as Record<string, unknown>);
      this.#answerTwin(requestId, 204, '');
      this.#note('reported');
    } else {
      await this.#onOutput(topic, body, messageId);
    }
  }

  async #onOutput(topic: string, body: string, messageId: number | undefined): Promise<void> {
    const properties = Object.fromEntries(new URLSearchParams(/\/messages\/events\/(.*)\/$/.exec(topic)?.[1] ?? ''));
    const { '$.on': outputName = '', ...rest } = properties;
    const output = { outputName, body, properties: rest };
    this.outputs.push(output);
    this.#note(`output ${outputName}`);
    if ((await this.onOutput(output)) === 'confirm') {
      this.#note('confirmed');
      this.#write({ cmd: 'puback', messageId: messageId ?? 0 });
    }
  }

  #answerTwin(requestId: string, status: number, body: string): void {
    if (this.twinAnswer === 'silent') return;
    const isFailure = this.twinAnswer >= 300;
    this.publish(`$iothub/twin/res/${isFailure ? this.twinAnswer : status}/?$rid=${requestId}`, isFailure ? '' : body);
  }

  #pump(): void {
    if (this.#sockets.size === 0 || ![...this.#subscriptions].some((topic) => topic.endsWith('/inputs/#'))) return;
    for (const outgoing of this.#queue.slice(0, this.window)) {
      if (outgoing.isSent) continue;
      outgoing.isSent = true;
      this.#write(outgoing.packet);
      this.#note('delivered');
    }
  }

  #write(packet: Packet): void {
    for (const socket of this.#sockets) socket.write(generate(packet));
  }

  #note(event: string): void {
    this.events.push(event);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
