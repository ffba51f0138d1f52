import { connectAsync } from 'mqtt5';
import type { MqttClient } from 'mqtt5';
import { clientNames, RECEIVER } from './broker.ts';
import type { Broker, Target } from './broker.ts';
import { residentBytes } from '../../test/support/resident-memory.ts';

/** A reading of a sensor, 200 bytes. */
const BODY = JSON.stringify({ machine: 'press-07', temperature: 81.4, pressure: 4.02, note: 'x'.repeat(135) });
/** How many messages of one sender wait for their PUBACK at once. */
const IN_FLIGHT = 16;

/** The clients of a measurement, the same for every broker. */
export class Clients implements AsyncDisposable {
  readonly #broker: Broker;
  readonly #senders: readonly MqttClient[];
  readonly #receiver: MqttClient;
  /** What each connected client costs the broker, in bytes. */
  readonly bytesPerClient: number;

  private constructor(broker: Broker, parts: { senders: MqttClient[]; receiver: MqttClient; bytesPerClient: number }) {
    this.#broker = broker;
    this.#senders = parts.senders;
    this.#receiver = parts.receiver;
    this.bytesPerClient = parts.bytesPerClient;
  }

  static async connect(broker: Broker): Promise<Clients> {
    const receiver = await join(broker, RECEIVER);
    await receiver.subscribeAsync(broker.inputFilter, { qos: 1 });
    const before = residentBytes(broker.processId);
    const senders: MqttClient[] = [];
    for (const name of clientNames) senders.push(await join(broker, name));
    const bytesPerClient = (residentBytes(broker.processId) - before) / senders.length;
    return new Clients(broker, { senders, receiver, bytesPerClient });
  }

  /** Sends from so many clients and waits until everything has arrived; gives messages a second. */
  async rate(target: Target, { senders, messages }: { senders: number; messages: number }): Promise<number> {
    const atHub = target === 'upstream' ? await this.#broker.upstream(messages) : undefined;
    const arrived = atHub?.done ?? this.#received(messages);
    const start = performance.now();
    const share = messages / senders;
    await Promise.all(
      this.#senders.slice(0, senders).map((client, index) => this.#send(client, { target, index, share })),
    );
    await arrived;
    return messages / ((performance.now() - start) / 1000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#senders, this.#receiver].map((client) => client.endAsync(true)));
  }

  async #send(
    client: MqttClient,
    { target, index, share }: { target: Target; index: number; share: number },
  ): Promise<void> {
    const topic = this.#broker.publishTopic(clientNames[index] ?? '', target);
    let left = share;
    const one = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await client.publishAsync(topic, BODY, { qos: 1 });
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, one));
  }

  #received(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let left = count;
    const take = (): void => {
      left -= 1;
      if (left > 0) return;
      this.#receiver.off('message', take);
      resolve();
    };
    this.#receiver.on('message', take);
    return promise;
  }
}

async function join(broker: Broker, name: string): Promise<MqttClient> {
  const { clientId, username, password } = await broker.credentials(name);
  return await connectAsync(`mqtts://localhost:${broker.port}`, {
    ca: broker.ca,
    clientId,
    clean: false,
    protocolVersion: 4,
    keepalive: 60,
    reconnectPeriod: 0,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  });
}
