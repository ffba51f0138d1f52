import { joinCreateOptions } from '../../create-options.ts';
import { childRecord, recordOf } from '../../json-record.ts';
import type { JsonSteps } from '../json-path.ts';
import type { LintModule, LintSubject, Observation } from '../lint-subject.ts';
import { stringsOf } from '../walk-strings.ts';

/** Names whose values are secrets. A name that goes on (`passwordFile`, `tokenLifetime`) is about something else. */
const SECRET_NAME =
  /(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|account[_-]?key|connection[_-]?string|credentials?)$/i;
/** Values that are secrets whatever they are called. */
const SECRET_VALUE =
  /(?:SharedAccessKey|AccountKey)=[A-Za-z0-9+/=]{16,}|SharedAccessSignature\s+sr=|[?&]sig=[A-Za-z0-9%+/=]{16,}|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b/;
const PATH = /^(?:\/|[A-Za-z]:\\)/;
const PLAIN_VALUE = /^(?:\$[A-Z_][A-Z0-9_]*|true|false|\d{1,5}|)$/i;

/** Credentials in clear. */
export function checkSecrets(subject: LintSubject): Observation[] {
  return [
    ...registryPasswords(subject),
    ...subject.modules.flatMap(environmentSecrets),
    ...subject.modules.flatMap(createOptionsSecrets),
    ...twinSecrets(subject),
  ];
}

function registryPasswords({ content, contentAt }: LintSubject): Observation[] {
  const section = childRecord(content, '$edgeAgent') ?? {};
  return Object.entries(section).flatMap(([key, value]) => {
    const inObject = childRecord(childRecord(childRecord(value, 'runtime'), 'settings'), 'registryCredentials') ?? {};
    const at = [...contentAt, '$edgeAgent', key];
    const credentials: [JsonSteps, unknown][] = key.startsWith(
      'properties.desired.runtime.settings.registryCredentials.',
    )
      ? [[at, value]]
      : Object.entries(inObject).map(([name, each]) => [
          [...at, 'runtime', 'settings', 'registryCredentials', name],
          each,
        ]);
    return credentials.flatMap(([place, each]): Observation[] => {
      const { password, address } = recordOf(each) ?? {};
      if (typeof password !== 'string' || isHarmless(password)) return [];
      const message = `the password of ${typeof address === 'string' ? address : 'a registry'} stands here in clear`;
      return [{ code: 'EW5001', at: [...place, 'password'], message }];
    });
  });
}

function environmentSecrets({ name, at, record }: LintModule): Observation[] {
  return Object.entries(recordOf(record['env']) ?? {}).flatMap(([variable, entry]) =>
    secret(variable, recordOf(entry)?.['value'], { at: [...at, 'env', variable, 'value'], owner: name }),
  );
}

function createOptionsSecrets({ name, at, record }: LintModule): Observation[] {
  const joined = joinCreateOptions(childRecord(record, 'settings') ?? {});
  const place = { at: [...at, 'settings', joined?.names[0] ?? 'createOptions'], owner: name };
  return environmentOf(joined?.text).flatMap((line) => {
    const equals = line.indexOf('=');
    return equals === -1 ? [] : secret(line.slice(0, equals), line.slice(equals + 1), place);
  });
}

/** `Env` of createOptions; nothing where they cannot be read, which another rule tells. */
function environmentOf(text: string | undefined): string[] {
  try {
    const lines = recordOf(JSON.parse(text ?? ''))?.['Env'];
    return Array.isArray(lines) ? lines.filter((line) => typeof line === 'string') : [];
  } catch {
    return [];
  }
}

function twinSecrets({ twins }: LintSubject): Observation[] {
  return twins
    .filter(({ module }) => !module.startsWith('$'))
    .flatMap(({ module, at, desired }) =>
      stringsOf(desired).flatMap(({ at: inside, text }) =>
        secret(String(inside.at(-1)), text, { at: [...at, ...inside], owner: module }),
      ),
    );
}

function secret(
  name: string,
  value: unknown,
  { at, owner }: { readonly at: JsonSteps; readonly owner: string },
): Observation[] {
  if (typeof value !== 'string' || isHarmless(value)) return [];
  if (!SECRET_NAME.test(name) && !SECRET_VALUE.test(value)) return [];
  return [{ code: 'EW5002', at, message: `"${name}" of ${owner} looks like a secret` }];
}

/** What stands for a secret without being one: a path, a placeholder, a truth value or small number, nothing. */
function isHarmless(value: string): boolean {
  return value.includes('${') || PATH.test(value) || PLAIN_VALUE.test(value);
}
