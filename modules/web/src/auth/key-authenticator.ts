import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf, parseJson } from '@edgewright/contract';
import type { Logger } from '@edgewright/telemetry';
import { watchFiles } from '../watch-files.ts';
import { WebError } from '../web-error.ts';
import type { Authenticator } from './authenticator.ts';
import { bearerCredential } from './bearer-credential.ts';

/** Azure ML's two keys: while one is exchanged, callers use the other. */
export interface ServiceKeys {
  readonly primaryKey: string;
  readonly secondaryKey: string;
}

/** The keys themselves, or a file `{"primaryKey": …, "secondaryKey": …}` that may change at any time. */
export type KeySource = ServiceKeys | { readonly file: string };

/** A shorter key could be guessed. */
const MIN_KEY_LENGTH = 16;
const KEY_PATTERN = /^[\x21-\x7e]+$/;

/**
 * Lets requests pass that bring one of two keys. Of a file the change is noticed within a second; one that cannot be read
 * any more leaves the former keys in force.
 *
 * @throws WebError `AuthenticationInvalid`
 */
export function createKeyAuthenticator(source: KeySource, logger: Logger): Authenticator {
  let digests: readonly Buffer[];
  let watch: Disposable | undefined;
  if ('file' in source) {
    const { file } = source;
    const content = readFirst(file);
    digests = digestsOf(parseKeys(content, file));
    watch = watchFiles([content], {
      paths: [file],
      changed: ([changed]) => {
        digests = digestsOf(parseKeys(changed as Buffer, file));
        logger.info({ event: 'web.keys', file }, 'the keys have changed');
      },
      failed: (err) =>
        logger.error({ event: 'web.keys', file, err }, 'the keys cannot be read; the former stay in force'),
    });
  } else digests = digestsOf(checkKeys(source, 'the keys'));
  return {
    kind: 'key',
    authenticate: async (authorization) => {
      const given = digestOf(bearerCredential(authorization));
      // both are compared always, and digests have one length: time tells nothing of the keys
      const matches = digests.map((digest) => timingSafeEqual(digest, given));
      await Promise.resolve();
      // the secondary key may be with many callers
      if (matches.includes(true)) return { mayControl: matches[0] === true };
      throw new WebError('CredentialsInvalid', 'the key of the request is not valid');
    },
    [Symbol.dispose]: () => watch?.[Symbol.dispose](),
  };
}

function readFirst(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw invalid(`cannot read the keys from ${file}: ${messageOf(cause)}`, cause);
  }
}

function parseKeys(content: Buffer, file: string): ServiceKeys {
  try {
    return checkKeys(parseJson(content.toString('utf8'), file), file);
  } catch (cause) {
    // a message with a piece of the text could hold a piece of a key
    throw cause instanceof WebError ? cause : invalid(`${file} is not JSON`);
  }
}

function checkKeys(value: unknown, source: string): ServiceKeys {
  const keys = (value ?? {}) as Partial<Record<keyof ServiceKeys, unknown>>;
  for (const name of ['primaryKey', 'secondaryKey'] as const) {
    const key = keys[name];
    if (typeof key !== 'string' || key.length < MIN_KEY_LENGTH || !KEY_PATTERN.test(key)) {
      throw invalid(`${source}: ${name} must be ${MIN_KEY_LENGTH} or more printable ASCII characters without blanks`);
    }
  }
  return keys as ServiceKeys;
}

function digestsOf({ primaryKey, secondaryKey }: ServiceKeys): readonly Buffer[] {
  return [digestOf(primaryKey), digestOf(secondaryKey)];
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function invalid(message: string, cause?: unknown): WebError {
  return new WebError('AuthenticationInvalid', message, cause === undefined ? {} : { cause });
}
