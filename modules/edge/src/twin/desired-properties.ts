/** A document of the twin, or a patch of one. */
export type TwinDocument = Readonly<Record<string, unknown>>;

/**
 * The desired properties as they stand at the hub, put together from a whole document and the patches after it. The SDK's own
 * copy is not used: it merges arrays element by element, and keeps what was sent to another session.
 */
export class DesiredProperties {
  #document: TwinDocument | undefined;

  /** The whole document; undefined before the first one. */
  get document(): TwinDocument | undefined {
    return this.#document;
  }

  get version(): number {
    return versionOf(this.#document);
  }

  /** Takes the whole document. */
  load(document: TwinDocument): void {
    this.#document = document;
  }

  /**
   * Takes a patch (RFC 7396: null deletes, arrays are replaced).
   *
   * @returns `old` when it was known already, `gap` when one before it is missing and the whole document must be read
   */
  patch(patch: TwinDocument): 'applied' | 'old' | 'gap' {
    if (this.#document === undefined) return 'gap';
    const version = versionOf(patch);
    if (version <= this.version) return 'old';
    if (version > this.version + 1) return 'gap';
    this.#document = merge(this.#document, patch) as TwinDocument;
    return 'applied';
  }
}

function versionOf(document: TwinDocument | undefined): number {
  const version = document?.['$version'];
  return typeof version === 'number' ? version : 0;
}

function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, merge(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

function isObject(value: unknown): value is TwinDocument {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
