import { issueToken } from '@edgewright/deployers';
import type { ServiceSpec } from '@edgewright/deployers';
import type { Service } from './service-view.ts';
import { WorkspaceError } from './workspace-error.ts';

const TIMEOUT_MS = 310_000;

/** What is sent. */
export interface CallInput {
  readonly body: string | Uint8Array;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Sends a body to a service as its owner.
 *
 * @returns the parsed JSON of the answer, or its text when it is none
 * @throws WorkspaceError `ServiceUnreachable`, `ServiceRefused` with status, headers and body of the answer
 */
export async function callService(
  { name, scoringUri, stage }: Pick<Service, 'name' | 'scoringUri' | 'stage'>,
  { credentials }: Pick<ServiceSpec, 'credentials'>,
  { body, contentType, headers = {} }: CallInput,
): Promise<unknown> {
  if (scoringUri === null) {
    throw new WorkspaceError(
      'ServiceUnreachable',
      `the service ${name} has no address yet; it is in the stage "${stage}"`,
    );
  }
  const { keys, signingKey } = credentials;
  const credential =
    keys?.primaryKey ?? (signingKey === undefined ? undefined : (await issueToken(name, credentials)).accessToken);
  const response = await fetch(scoringUri, {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': contentType,
      ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }),
    },
    body: Buffer.from(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw new WorkspaceError('ServiceUnreachable', `the service ${name} does not answer at ${scoringUri}; it is in the stage "${stage}"`, { details: { scoringUri }, cause }); // prettier-ignore
  });
  const text = await response.text();
  if (response.ok) return parsed(text);
  throw new WorkspaceError('ServiceRefused', `the service ${name} answers ${response.status}: ${text.slice(0, 2000)}`, {
    details: { status: response.status, headers: Object.fromEntries(response.headers), body: parsed(text) },
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
