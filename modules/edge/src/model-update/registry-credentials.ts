import { EdgeError } from '../edge-error.ts';

/** Gives the text of a file of credentials as Docker writes it (`config.json`); asked at each download, so that it can be renewed. */
export type ReadRegistryCredentials = () => Promise<string>;

interface DockerConfig {
  readonly auths?: Readonly<
    Record<string, { readonly auth?: unknown; readonly username?: unknown; readonly password?: unknown } | undefined>
  >;
}

/**
 * What a file of Docker's says of a registry, as the value of a header `Authorization`.
 *
 * @param host `HOST` or `HOST:PORT`
 * @returns undefined when it says nothing of it
 * @throws EdgeError `ModelUnavailable` when the text is not of that form; it shows nothing of it
 */
export function basicAuthorization(text: string, host: string): string | undefined {
  const { auths = {} } = dockerConfigIn(text);
  const entry = auths[host] ?? auths[`https://${host}`] ?? auths[`https://${host}/`];
  if (entry === undefined) return undefined;
  if (typeof entry.auth === 'string' && entry.auth !== '') return `Basic ${entry.auth}`;
  const { username, password } = entry;
  if (typeof username !== 'string' || typeof password !== 'string') return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function dockerConfigIn(text: string): DockerConfig {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // what stands there is secret: the message of the parser would show a part of it
  }
  throw new EdgeError(
    'ModelUnavailable',
    'cannot read the credentials of registries: EDGEWRIGHT_REGISTRY_CREDENTIALS is no JSON object as Docker writes it ({"auths":{"HOST":{"auth":"…"}}})',
  );
}
