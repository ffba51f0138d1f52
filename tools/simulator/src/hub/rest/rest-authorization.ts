import { hubFault } from '../hub-fault.ts';
import { parseSharedAccessSignature, signatureProblem } from '../shared-access-signature.ts';
import type { Permission, SharedAccessPolicies } from '../shared-access-policies.ts';

export interface Authorizer {
  readonly policies: SharedAccessPolicies;
  /** What tokens may be for: the hub's host name, with and without its port. */
  readonly hostNames: readonly string[];
  readonly now: () => number;
}

export interface AuthorizationRequest {
  /** The Authorization header. */
  readonly header: string | undefined;
  /** The request's path, without its query. */
  readonly path: string;
  /** One of these is needed. */
  readonly permissions: readonly Permission[];
}

/** @throws SimulatorError `SimulatedHubUnauthorized` that says what is wrong with the token */
export function authorize(authorizer: Authorizer, { header, path, permissions }: AuthorizationRequest): void {
  if (header === undefined) throw refusal('there is no Authorization header');
  const token = parseSharedAccessSignature(header);
  if (token === undefined) {
    const entra = header.startsWith('Bearer ') ? '; tokens of Entra ID are not taken, use a connection string' : '';
    throw refusal(`the Authorization header is not "SharedAccessSignature sr=…&sig=…&se=…&skn=…"${entra}`);
  }
  if (token.policy === undefined) throw refusal('the token names no policy (skn)');
  const policy = authorizer.policies.get(token.policy);
  if (policy === undefined) throw refusal(`there is no policy "${token.policy}"`);
  const problem = signatureProblem(token, {
    keys: [policy.primaryKey, policy.secondaryKey],
    audiences: authorizer.hostNames.flatMap((host) => resources(host, path)),
    now: authorizer.now(),
  });
  if (problem !== undefined) throw refusal(problem);
  if (!permissions.some((permission) => policy.permissions.includes(permission))) {
    throw refusal(`the policy "${policy.name}" does not allow this; it takes ${permissions.join(' or ')}`);
  }
}

/** The host and every resource above the one asked for: a token for any of them is good. */
function resources(host: string, path: string): string[] {
  const found = [host];
  for (const segment of path.split('/').filter((part) => part !== '')) {
    found.push(`${found.at(-1) ?? host}/${segment}`);
  }
  return found;
}

function refusal(reason: string) {
  return hubFault('IotHubUnauthorizedAccess', `unauthorized: ${reason}`, { reason });
}
