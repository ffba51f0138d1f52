import { messageOf } from '@edgewright/contract';
import type { IConnectPacket } from 'mqtt-packet';
import type { Authentication } from '../edgehub/client-authentication.ts';
import { parseMqttUsername } from '../edgehub/mqtt-username.ts';
import type { MqttUsername } from '../edgehub/mqtt-username.ts';
import { certificateProblem } from '../hub/certificate-problem.ts';
import type { PresentedCertificate } from '../hub/certificate-problem.ts';
import type { Hub } from '../hub/hub.ts';
import { identityText } from '../hub/identity.ts';
import type { Identity } from '../hub/identity.ts';
import type { SharedAccessPolicies } from '../hub/shared-access-policies.ts';
import { parseSharedAccessSignature, signatureProblem } from '../hub/shared-access-signature.ts';
import type { SharedAccessSignature } from '../hub/shared-access-signature.ts';

export interface DeviceAuthenticationOptions {
  readonly hub: Hub;
  readonly policies: SharedAccessPolicies;
  /** Every name that tokens may have for the hub: with and without the port. */
  readonly hostNames: readonly string[];
}

/** Decides whether a device or module may connect to the hub itself, by its CONNECT packet and its certificate. */
export function authenticateDevice(
  packet: IConnectPacket,
  certificate: PresentedCertificate | undefined,
  options: DeviceAuthenticationOptions,
): Authentication {
  let client: MqttUsername;
  try {
    client = parseMqttUsername(packet.username ?? '');
  } catch (error) {
    return refused(messageOf(error));
  }
  const name = identityText(client);
  if (packet.clientId !== name) {
    return refused(`the client id "${packet.clientId}" is not "${name}", which the user name says`);
  }
  const identity = options.hub.identity(client.deviceId, client.moduleId);
  const device = options.hub.identity(client.deviceId);
  if (identity === undefined || device === undefined) return refused(`the hub does not know "${name}"`);
  if (identity.status !== 'enabled' || device.status !== 'enabled') return refused(`"${name}" is disabled`);
  const password = packet.password?.toString('utf8') ?? '';
  if (password === '') {
    const problem = certificateProblem(identity, certificate);
    return problem === undefined ? { ok: true, identity, client, expiresAt: Infinity } : refused(problem);
  }
  const token = parseSharedAccessSignature(password);
  if (token === undefined) return refused('the password is not a shared access signature');
  const problem = tokenProblem(token, identity, options);
  if (problem !== undefined) return refused(`"${name}" cannot be let in: ${problem}`);
  return { ok: true, identity, client, expiresAt: token.expiresAt * 1000 };
}

/** What stands against a token: it is signed with a key of the identity, or of a policy that lets devices connect. */
function tokenProblem(
  token: SharedAccessSignature,
  identity: Identity,
  { hub, policies, hostNames }: DeviceAuthenticationOptions,
): string | undefined {
  const resources = (host: string) => {
    const device = `${host}/devices/${identity.deviceId}`;
    return identity.moduleId === undefined ? [device] : [`${device}/modules/${identity.moduleId}`];
  };
  if (token.policy === undefined) {
    if (identity.authentication !== 'sas') return `it authenticates by "${identity.authentication}", not with a token`;
    const keys = [identity.primaryKey, identity.secondaryKey];
    return signatureProblem(token, { keys, audiences: hostNames.flatMap(resources), now: hub.now() });
  }
  const policy = policies.get(token.policy);
  if (policy === undefined) return `there is no policy "${token.policy}"`;
  if (!policy.permissions.includes('deviceConnect')) return `the policy "${policy.name}" lets no devices connect`;
  return signatureProblem(token, {
    keys: [policy.primaryKey, policy.secondaryKey],
    // a policy's token may be for the hub, for all devices, or for the one that connects
    audiences: hostNames.flatMap((host) => [
      ...resources(host),
      host,
      `${host}/devices`,
      `${host}/devices/${identity.deviceId}`,
    ]),
    now: hub.now(),
  });
}

function refused(reason: string): Authentication {
  return { ok: false, returnCode: 5, reason };
}
