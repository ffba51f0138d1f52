import { createHmac } from 'node:crypto';
import type { CollectedCell, CollectionDesignation, CollectionSettings, Redaction } from '@edgewright/contract';

type Rules = NonNullable<CollectionSettings['redact']>;

/** Names that were looked up are remembered up to this number: callers choose the names of their fields. */
const MAX_KNOWN = 10_000;
/** Characters of a hash in hexadecimal: 128 bits. */
const HASH_LENGTH = 32;
const MASK = '***';

interface Rule {
  readonly name: RegExp;
  readonly action: Redaction;
}

/**
 * What must not be kept as it is. A rule names a field by itself, or by the end of its path, at any depth: a rule that says too little
 * rather takes away too much. The first rule that fits counts.
 */
export class Redactor {
  readonly #rules: readonly Rule[];
  readonly #key: string | undefined;
  readonly #known = new Map<string, Redaction | undefined>();

  /** @param key of the hashes; needed when a rule hashes */
  constructor(rules: Rules, designation: CollectionDesignation, key: string | undefined) {
    this.#rules = rules
      .filter((rule) => rule.in === undefined || rule.in === designation)
      .map(({ field, action }) => ({ name: patternOf(field), action }));
    this.#key = key;
  }

  /** What is to become of a field, by its path with dots. */
  actionFor(path: string): Redaction | undefined {
    if (this.#rules.length === 0 || path === '') return undefined;
    const known = this.#known.get(path);
    if (known !== undefined || this.#known.has(path)) return known;
    const action = this.#rules.find(({ name }) => name.test(path))?.action;
    if (this.#known.size < MAX_KNOWN) this.#known.set(path, action);
    return action;
  }

  /** A value after an action that leaves something of it. */
  redact(action: Exclude<Redaction, 'drop'>, value: unknown): CollectedCell {
    if (action === 'mask') return MASK;
    if (this.#key === undefined) throw new TypeError('a hash without a key');
    const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
    return createHmac('sha256', this.#key).update(text).digest('hex').slice(0, HASH_LENGTH);
  }
}

/** `customer.*` fits the path `order.customer.name`, and not `customer.address.city`. */
function patternOf(field: string): RegExp {
  const source = field
    .split('*')
    .map((part) => part.replaceAll(/[.\\+?^${}()|[\]]/g, '\\$&'))
    .join('[^.]*');
  return new RegExp(`(^|\\.)${source}$`, 'u');
}
