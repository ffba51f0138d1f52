/** One delivery that a connection owes an acknowledgement. */
interface Entry {
  readonly packetId: number;
  isDone: boolean;
}

/**
 * Keeps the acknowledgements of one connection in the order of the deliveries, as MQTT 3.1.1 asks of a receiver
 * [MQTT-4.6.0-2] and as edgeHub needs it: it pairs them with messages by order, not by packet identifier.
 *
 * Packet identifiers may repeat while older ones are open: edgeHub numbers every message 1.
 */
export class DeliveryLedger {
  readonly #write: (packetId: number) => void;
  #entries: Entry[] = [];
  #isOpen = true;

  /** @param write sends one acknowledgement */
  constructor(write: (packetId: number) => void) {
    this.#write = write;
  }

  /** Deliveries taken and not acknowledged yet. */
  get size(): number {
    return this.#entries.length;
  }

  /**
   * Notes a delivery.
   *
   * @returns acknowledges it, once all earlier ones are; false when the connection is gone and the message will come again
   */
  take(packetId: number): () => boolean {
    const entry: Entry = { packetId, isDone: false };
    this.#entries.push(entry);
    return () => {
      if (!this.#isOpen) return false;
      entry.isDone = true;
      this.#flush();
      return true;
    };
  }

  /** The connection ended: what is open will be delivered again, on another one. */
  close(): void {
    this.#isOpen = false;
    this.#entries = [];
  }

  #flush(): void {
    let settled = 0;
    for (const entry of this.#entries) {
      if (!entry.isDone) break;
      this.#write(entry.packetId);
      settled += 1;
    }
    if (settled > 0) this.#entries.splice(0, settled);
  }
}
