import { EdgeError } from '../edge-error.ts';
import { PacketIds } from './packet-ids.ts';
import { publishPacket } from './publish-packet.ts';

/** An output that edgeHub has not confirmed yet. */
interface Unconfirmed {
  readonly settled: PromiseWithResolvers<void>;
  readonly timer: NodeJS.Timeout;
}

/**
 * The outputs that are on their way over one connection. They are written past mqtt.js, which would keep a copy of each for a
 * connection that this module never makes again, and hand every packet to the socket in seven parts.
 */
export class UnconfirmedOutputs {
  readonly #write: (packet: Buffer) => void;
  readonly #ids = PacketIds.forOutputs();
  readonly #open = new Map<number, Unconfirmed>();
  #drained: PromiseWithResolvers<void> | undefined;

  /** @param write puts a packet on the connection */
  constructor(write: (packet: Buffer) => void) {
    this.#write = write;
  }

  /** Outputs on their way. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Publishes with QoS 1 and waits for the PUBACK.
   *
   * @throws EdgeError `HubTimeout` after `timeoutMs`; what `fail` is given; in both cases the hub may have the message
   */
  send(topic: string, body: string, timeoutMs: number): Promise<void> {
    const packetId = this.#ids.allocate();
    if (packetId === null) return Promise.reject(tooMany(this.#open.size));
    const settled = Promise.withResolvers<void>();
    const timer = setTimeout(() => this.#take(packetId)?.settled.reject(notConfirmed(timeoutMs)), timeoutMs);
    this.#open.set(packetId, { settled, timer });
    this.#write(publishPacket(topic, body, packetId));
    return settled.promise;
  }

  /** A PUBACK came. What is not an output's is left alone. */
  confirm(packetId: number): void {
    this.#take(packetId)?.settled.resolve();
  }

  /** The connection ended: nothing of it will be confirmed any more. */
  fail(error: EdgeError): void {
    for (const packetId of this.#open.keys()) this.#take(packetId)?.settled.reject(error);
  }

  /** Resolves when nothing is on its way. */
  async drained(): Promise<void> {
    if (this.#open.size === 0) return;
    this.#drained ??= Promise.withResolvers();
    await this.#drained.promise;
  }

  #take(packetId: number): Unconfirmed | undefined {
    const found = this.#open.get(packetId);
    if (found === undefined) return undefined;
    clearTimeout(found.timer);
    this.#open.delete(packetId);
    this.#ids.deallocate(packetId);
    if (this.#open.size === 0) {
      this.#drained?.resolve();
      this.#drained = undefined;
    }
    return found;
  }
}

function notConfirmed(timeoutMs: number): EdgeError {
  return new EdgeError('HubTimeout', `edgeHub did not confirm an output within ${timeoutMs} ms`, {
    details: { timeoutMs },
  });
}

function tooMany(size: number): EdgeError {
  return new EdgeError('HubTimeout', `edgeHub confirms nothing: ${size} outputs are on their way`);
}
