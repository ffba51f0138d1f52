import { messageOf } from '@edgewright/contract';
import type { IConnectPacket } from 'mqtt-packet';
import type { Hub } from '../hub/hub.ts';
import { identityText } from '../hub/identity.ts';
import type { Identity } from '../hub/identity.ts';
import { parseSharedAccessSignature, signatureProblem } from '../hub/shared-access-signature.ts';
import { parseMqttUsername } from './mqtt-username.ts';
import type { MqttUsername } from './mqtt-username.ts';

/** What one side of TLS knows of the other's certificate; absent when the client sent none. */
export interface ClientCertificate {
  /** SHA-1 and SHA-256 of the certificate, hexadecimal without separators. */
  readonly thumbprints: readonly string[];
  readonly commonName: string;
  /** True when an authority that the hub trusts signed it. */
  readonly isTrusted: boolean;
}

export type Authentication =
  | { readonly ok: true; readonly identity: Identity; readonly client: MqttUsername; readonly expiresAt: number }
  | { readonly ok: false; readonly returnCode: 3 | 5; readonly reason: string };

export interface AuthenticationOptions {
  readonly hub: Hub;
  /** The edge device whose edgeHub this is. */
  readonly deviceId: string;
  /** Besides the hub's, the host names that tokens may be for. */
  readonly gatewayHostNames: readonly string[];
}

/** Decides whether a client may connect, by its CONNECT packet and its certificate. */
export function authenticateClient(
  packet: IConnectPacket,
  certificate: ClientCertificate | undefined,
  { hub, deviceId, gatewayHostNames }: AuthenticationOptions,
): Authentication {
  let client: MqttUsername;
  try {
    client = parseMqttUsername(packet.username ?? '');
  } catch (error) {
    return { ok: false, returnCode: 3, reason: messageOf(error) };
  }
  const name = identityText(client);
  if (packet.clientId !== name) {
    return refused(`the client id "${packet.clientId}" is not "${name}", which the user name says`);
  }
  const identity = hub.identity(client.deviceId, client.moduleId);
  const device = hub.identity(deviceId);
  if (identity === undefined || device === undefined) return refused(`the hub does not know "${name}"`);
  if (!belongsTo(identity, device)) return refused(`"${name}" does not belong to the edge device "${deviceId}"`);
  if (identity.status !== 'enabled') return refused(`"${name}" is disabled`);
  const password = packet.password?.toString('utf8') ?? '';
  if (password === '') {
    const problem = certificateProblem(identity, certificate);
    return problem === undefined ? { ok: true, identity, client, expiresAt: Infinity } : refused(problem);
  }
  const checked = checkToken(identity, password, { hub, gatewayHostNames });
  if ('problem' in checked) return refused(checked.problem);
  return { ok: true, identity, client, expiresAt: checked.expiresAt };
}

/** What stands against a request to edgeHub over HTTP in the name of a module, by its token; undefined when nothing does. */
export function requestProblem(
  name: { readonly deviceId: string; readonly moduleId: string },
  token: string | undefined,
  { hub, deviceId, gatewayHostNames }: AuthenticationOptions,
): string | undefined {
  const text = identityText(name);
  const identity = hub.identity(name.deviceId, name.moduleId);
  const device = hub.identity(deviceId);
  if (identity === undefined || device === undefined) return `the hub does not know "${text}"`;
  if (!belongsTo(identity, device)) return `"${text}" does not belong to the edge device "${deviceId}"`;
  if (identity.status !== 'enabled') return `"${text}" is disabled`;
  const checked = checkToken(identity, token ?? '', { hub, gatewayHostNames });
  return 'problem' in checked ? checked.problem : undefined;
}

function checkToken(
  identity: Identity,
  text: string,
  { hub, gatewayHostNames }: Pick<AuthenticationOptions, 'hub' | 'gatewayHostNames'>,
): { readonly expiresAt: number } | { readonly problem: string } {
  const token = parseSharedAccessSignature(text);
  if (token === undefined) return { problem: 'the password is not a shared access signature' };
  const parent = identity.moduleId === undefined ? undefined : hub.identity(identity.deviceId);
  const problem = signatureProblem(token, {
    // a module may also come with its device's key
    keys: keysOf(identity, ...(parent === undefined ? [] : [parent])),
    audiences: audiencesOf(identity, [hub.hostName, ...gatewayHostNames]),
    now: hub.now(),
  });
  if (problem !== undefined) return { problem: `"${identityText(identity)}" cannot be let in: ${problem}` };
  return { expiresAt: token.expiresAt * 1000 };
}

function refused(reason: string): Authentication {
  return { ok: false, returnCode: 5, reason };
}

/** Modules of the edge device, and leaf devices that have it as a parent. */
function belongsTo(identity: Identity, edgeDevice: Identity): boolean {
  if (identity.moduleId !== undefined) return identity.deviceId === edgeDevice.deviceId;
  if (identity.edge || edgeDevice.deviceScope === undefined) return false;
  return (
    identity.deviceScope === edgeDevice.deviceScope || identity.parentScopes?.includes(edgeDevice.deviceScope) === true
  );
}

function keysOf(...identities: readonly Identity[]): string[] {
  return identities.flatMap(({ primaryKey, secondaryKey }) => [primaryKey, secondaryKey]).filter((key) => key !== '');
}

/** A module's token may also name its device alone. */
function audiencesOf(identity: Identity, hostNames: readonly string[]): string[] {
  return hostNames.flatMap((host) => {
    const device = `${host}/devices/${identity.deviceId}`;
    return identity.moduleId === undefined ? [device] : [`${device}/modules/${identity.moduleId}`, device];
  });
}

function certificateProblem(identity: Identity, certificate: ClientCertificate | undefined): string | undefined {
  const name = identityText(identity);
  if (certificate === undefined) return `"${name}" came with neither a token nor a certificate`;
  if (identity.authentication === 'selfSigned') {
    const known = [identity.primaryThumbprint, identity.secondaryThumbprint].map((print) => print?.toLowerCase());
    const fits = certificate.thumbprints.some((print) => known.includes(print.toLowerCase()));
    return fits ? undefined : `the certificate of "${name}" has another thumbprint than the hub knows`;
  }
  if (identity.authentication === 'certificateAuthority') {
    const fits = certificate.isTrusted && certificate.commonName === identity.deviceId;
    return fits
      ? undefined
      : `the certificate of "${name}" is not one that the hub's authority gave to "${identity.deviceId}"`;
  }
  return `"${name}" does not authenticate with certificates`;
}
