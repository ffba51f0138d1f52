import { SimulatorError } from '../simulator-error.ts';
import { incomingSystemProperties, outgoingSystemProperties } from './system-properties.ts';

/** The two kinds of properties that a message carries in its topic. */
export interface MessageProperties {
  /** Application properties, in the order in which they stand; null is a key without a value. */
  readonly properties: Readonly<Record<string, string | null>>;
  /** System properties by internal name. */
  readonly systemProperties: Readonly<Record<string, string | null>>;
}

/**
 * Reads the property bag of a topic, `key=value&key=value`, percent-encoded. A leading `?` or `/` is skipped; a key alone
 * has the value null. Keys that edgeHub knows become system properties, the others application properties.
 *
 * @throws SimulatorError `SimulatorRequestInvalid` for an empty key, a second `=` or bad percent-encoding
 */
export function decodePropertyBag(bag: string): MessageProperties {
  const properties: Record<string, string | null> = {};
  const systemProperties: Record<string, string | null> = {};
  const text = bag.replace(/^[?/]+/, '');
  if (text === '') return { properties, systemProperties };
  for (const pair of text.split('&')) {
    const [key, value] = decodePair(pair, bag);
    const systemName = incomingSystemProperties.get(key);
    if (systemName === undefined) define(properties, key, value);
    else define(systemProperties, systemName, value);
  }
  return { properties, systemProperties };
}

/** Writes the property bag of a topic: application properties first, then the system properties that clients are sent. */
export function encodePropertyBag(message: MessageProperties): string {
  const pairs: string[] = [];
  for (const [key, value] of Object.entries(message.properties)) pairs.push(encodePair(key, value));
  for (const [name, value] of Object.entries(message.systemProperties)) {
    const wire = outgoingSystemProperties.get(name);
    if (wire !== undefined) pairs.push(encodePair(wire, value));
  }
  return pairs.join('&');
}

function decodePair(pair: string, bag: string): readonly [string, string | null] {
  const parts = pair.split('=');
  if (parts.length > 2) throw badBag(bag, `"${pair}" has more than one "="`);
  const key = percentDecoded(parts[0] ?? '', bag);
  if (key === '') throw badBag(bag, 'a property without a name');
  return [key, parts[1] === undefined ? null : percentDecoded(parts[1], bag)];
}

function percentDecoded(text: string, bag: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw badBag(bag, `"${text}" is not percent-encoded UTF-8`, cause);
  }
}

function encodePair(key: string, value: string | null): string {
  if (value === null) return percentEncoded(key);
  return `${percentEncoded(key)}=${percentEncoded(value)}`;
}

// as .NET's Uri.EscapeDataString, which leaves only RFC 3986's unreserved characters; lone surrogates have no encoding
function percentEncoded(text: string): string {
  if (/^[\w.~-]*$/.test(text)) return text;
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

// a plain assignment of `__proto__` would set the prototype
function define(target: Record<string, string | null>, key: string, value: string | null): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

function badBag(bag: string, reason: string, cause?: unknown): SimulatorError {
  return new SimulatorError('SimulatorRequestInvalid', `cannot read the properties "${bag}" of a topic: ${reason}`, {
    details: { bag },
    ...(cause === undefined ? {} : { cause }),
  });
}
