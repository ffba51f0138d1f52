/** Identifiers up to this one are for mqtt.js, which subscribes with them; those above are for outputs. */
const LAST_OF_MQTT_JS = 0x7fff;
const LAST = 0xffff;

/** Hands out packet identifiers of a range, none that is in use. */
export class PacketIds {
  readonly #first: number;
  readonly #last: number;
  readonly #used = new Set<number>();
  #latest: number;

  /** Those that mqtt.js may use; it has the shape that its option `messageIdProvider` takes. */
  static forMqttJs(): PacketIds {
    return new PacketIds(1, LAST_OF_MQTT_JS);
  }

  /** Those for packets that go past mqtt.js. */
  static forOutputs(): PacketIds {
    return new PacketIds(LAST_OF_MQTT_JS + 1, LAST);
  }

  private constructor(first: number, last: number) {
    this.#first = first;
    this.#last = last;
    this.#latest = last;
  }

  /** @returns null when all are in use, as mqtt.js wants it */
  allocate(): number | null {
    if (this.#used.size > this.#last - this.#first) return null;
    do {
      this.#latest = this.#latest >= this.#last ? this.#first : this.#latest + 1;
    } while (this.#used.has(this.#latest));
    this.#used.add(this.#latest);
    return this.#latest;
  }

  getLastAllocated(): number | null {
    return this.#latest;
  }

  register(id: number): boolean {
    if (this.#used.has(id)) return false;
    this.#used.add(id);
    return true;
  }

  deallocate(id: number): void {
    this.#used.delete(id);
  }

  clear(): void {
    this.#used.clear();
  }
}
