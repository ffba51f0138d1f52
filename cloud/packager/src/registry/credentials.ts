import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { messageOf } from '@edgewright/contract';
import { PackagerError } from '../packager-error.ts';

/** Who one is at a registry. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  /** What `az acr login` and others leave in Docker's file in place of a password (OAuth 2 refresh token). */
  | { readonly identityToken: string };

const HELPER_TIMEOUT_MS = 30_000;
const MAX_ANSWER_CHARACTERS = 65_536;
const DOCKER_HUB = 'https://index.docker.io/v1/';
/** A helper answers with this user name when what follows is a token and no password. */
const TOKEN_USER = '<token>';

interface DockerConfig {
  readonly auths?: Readonly<Record<string, { readonly auth?: string; readonly identitytoken?: string }>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
}

/**
 * What Docker's configuration file says of a registry: in the file itself, or through one of its credential helpers.
 *
 * @param file `~/.docker/config.json`; one that is not there says nothing
 * @throws PackagerError `RegistryRefused` when the file or the helper cannot be read
 */
export async function readDockerCredentials(file: string, registry: string): Promise<Credentials | undefined> {
  const config = await readConfig(file);
  if (config === undefined) return undefined;
  // Docker Hub stands in the file under the address that it had in the beginning
  const known = registry === 'docker.io' || registry === 'index.docker.io' ? DOCKER_HUB : registry;
  const helper = config.credHelpers?.[known] ?? config.credHelpers?.[registry] ?? config.credsStore;
  const helped = helper === undefined ? undefined : await askHelper(helper, known);
  if (helped !== undefined) return helped;
  const { auths = {} } = config;
  const places = [
    known,
    `https://${registry}`,
    `https://${registry}/`,
    `https://${registry}/v1/`,
    `http://${registry}`,
  ];
  const entry = places.map((place) => auths[place]).find((one) => one !== undefined);
  if (entry?.identitytoken !== undefined && entry.identitytoken !== '') return { identityToken: entry.identitytoken };
  if (entry?.auth === undefined) return undefined;
  const text = Buffer.from(entry.auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

async function readConfig(file: string): Promise<DockerConfig | undefined> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw unreadable(`the file "${file}" cannot be read: ${messageOf(cause)}`, cause);
  });
  if (text === undefined) return undefined;
  const config = objectIn(text);
  // what stands there is secret: the message of the parser would show a part of it
  if (config === undefined) throw unreadable(`the file "${file}" is no JSON object`);
  return config;
}

function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** https://github.com/docker/docker-credential-helpers: the registry on stdin, JSON on stdout. */
async function askHelper(name: string, registry: string): Promise<Credentials | undefined> {
  if (!/^[\w.-]+$/.test(name)) throw unreadable(`"${name}" is no name of a credential helper`);
  const child = spawn(`docker-credential-${name}`, ['get'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: HELPER_TIMEOUT_MS,
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
    if (said.length > MAX_ANSWER_CHARACTERS) child.kill();
  });
  child.stdin.on('error', () => {});
  child.stdin.end(registry);
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on('error', reject);
  child.on('close', resolve);
  const code = await promise.catch((cause: unknown) => {
    throw unreadable(`the credential helper "docker-credential-${name}" does not run: ${messageOf(cause)}`, cause);
  });
  // a helper that knows nothing of the registry ends with 1
  if (code !== 0) return undefined;
  const { Username: username, Secret: secret } = (objectIn(said) ?? {}) as { Username?: unknown; Secret?: unknown };
  if (typeof username !== 'string' || typeof secret !== 'string') {
    throw unreadable(`the credential helper "docker-credential-${name}" answers without a user name and a secret`);
  }
  return username === TOKEN_USER ? { identityToken: secret } : { username, password: secret };
}

function unreadable(reason: string, cause?: unknown): PackagerError {
  return new PackagerError('RegistryRefused', `cannot read the credentials for the registry: ${reason}`, {
    details: { reason },
    ...(cause === undefined ? {} : { cause }),
  });
}
