/** Something that stands in a place. */
export interface PlaceEntry {
  /** Relative to the place, with `/` between folders. */
  readonly name: string;
  readonly sizeBytes: number;
}

/** A folder, or a prefix of a container of Azure Blob Storage. What is written is there whole or not at all. */
export interface Place {
  /** For messages; without secrets. */
  readonly text: string;
  /** All below a prefix, in the order of their names, folders opened; what begins with a dot is left out. */
  list(prefix?: string): AsyncIterable<PlaceEntry>;
  /** Undefined when there is nothing of that name. */
  find(name: string): Promise<PlaceEntry | undefined>;
  /** @param range bytes, the end not included */
  read(name: string, range?: { readonly start: number; readonly end: number }): Promise<Buffer>;
  stream(name: string): AsyncIterable<Uint8Array>;
  /** @param options `isLoose`: after a loss of power it may be the former one, or broken; others wait for the disk */
  write(name: string, bytes: Uint8Array | string, options?: { readonly isLoose?: boolean }): Promise<void>;
  /** @returns the bytes written */
  writeFrom(name: string, source: AsyncIterable<Uint8Array>): Promise<number>;
  /** Nothing happens when it is not there. */
  remove(name: string): Promise<void>;
  /** The path of a file, where the place is a folder. */
  readonly folder?: string;
}
