import { valueAtPath } from './body-path.ts';
import { nested } from './condition-values.ts';
import { upperInvariant } from './ordinal-text.ts';
import type { BodyPath } from './body-path.ts';
import type { BodyValue } from './condition-values.ts';
import type { RouteMessage } from './route-message.ts';

/** What conditions read of one message; made once for all routes. */
export interface MessageScope {
  /** An application property: undefined when there is none, null when it has no value. */
  property(name: string): string | null | undefined;
  systemProperty(name: string): string | null | undefined;
  /** What stands at a path of the JSON body; Undefined when the body is not a JSON object, or objects, arrays and dates stand there. */
  body(path: BodyPath): BodyValue;
  /** The same, but telling objects, arrays and dates from Undefined. */
  bodyOrNested(path: BodyPath): BodyValue | typeof nested;
}

const scopes = new WeakMap<RouteMessage, MessageScope>();

/** The scope of a message; the same one for the same message. */
export function scopeOf(message: RouteMessage): MessageScope {
  const known = scopes.get(message);
  if (known !== undefined) return known;
  const scope = createScope(message);
  scopes.set(message, scope);
  return scope;
}

function createScope(message: RouteMessage): MessageScope {
  const properties = lazily(() => byUpperCase(message.properties));
  const systemProperties = lazily(() => byUpperCase(message.systemProperties));
  const document = lazily(() => {
    const system = systemProperties();
    return jsonObject(message.body, system.get('CONTENTTYPE'), system.get('CONTENTENCODING'));
  });
  const bodyOrNested = (path: BodyPath) => {
    const object = document();
    return object === undefined ? undefined : valueAtPath(object, path);
  };
  return {
    property: (name) => properties().get(upperInvariant(name)),
    systemProperty: (name) => systemProperties().get(upperInvariant(name)),
    bodyOrNested,
    body: (path) => {
      const value = bodyOrNested(path);
      return value === nested ? undefined : value;
    },
  };
}

function byUpperCase(properties: Readonly<Record<string, string | null>>): ReadonlyMap<string, string | null> {
  return new Map(Object.entries(properties).map(([name, value]) => [upperInvariant(name), value ?? null]));
}

function jsonObject(
  body: Uint8Array | string,
  contentType: string | null | undefined,
  contentEncoding: string | null | undefined,
): object | undefined {
  if (contentType?.toLowerCase() !== 'application/json') return undefined;
  const text = decoded(body, contentEncoding?.toLowerCase());
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function decoded(body: Uint8Array | string, encoding: string | undefined): string | undefined {
  if (encoding !== 'utf-8' && encoding !== 'utf-16' && encoding !== 'utf-32') return undefined;
  if (typeof body === 'string') return body;
  if (encoding === 'utf-8') return new TextDecoder('utf-8', { ignoreBOM: true }).decode(body);
  if (encoding === 'utf-16') return new TextDecoder('utf-16le', { ignoreBOM: true }).decode(body);
  return decodedUtf32(body);
}

/** UTF-32, little endian, which TextDecoder does not know. */
function decodedUtf32(body: Uint8Array): string {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let text = '';
  for (let offset = 0; offset + 4 <= view.byteLength; offset += 4) {
    const point = view.getUint32(offset, true);
    text += point > 0x10_ff_ff ? '\ufffd' : String.fromCodePoint(point);
  }
  return text;
}

function lazily<Result>(make: () => Result): () => Result {
  let made: { readonly result: Result } | undefined;
  return () => {
    made ??= { result: make() };
    return made.result;
  };
}
