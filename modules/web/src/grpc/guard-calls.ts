import type { Metadata, ServerInterceptor } from '@grpc/grpc-js';
import type { Authenticator } from '../auth/authenticator.ts';
import { requestIdOf } from '../request-ids.ts';
import type { RequestRate } from '../request-rate.ts';
import { WebError } from '../web-error.ts';
import { grpcFailure } from './grpc-failure.ts';
import type { Grpc } from './grpc-runtime.ts';
import { serviceNames } from './service-descriptors.ts';

export interface GuardOptions {
  readonly authenticator?: Authenticator | undefined;
  /** What addresses may send; default: any number. */
  readonly rate?: RequestRate | undefined;
}

/** What probes ask before they have any credentials. */
const OPEN = [
  `/${serviceNames.health}/Check`,
  `/${serviceNames.health}/Watch`,
  `/${serviceNames.inference}/ServerLive`,
  `/${serviceNames.inference}/ServerReady`,
];
/** The longest that a caller may take to send a message: 100 MB over a slow line. */
const RECEIVE_MS = 300_000;

/** Asks for credentials, and counts, before a message is read; ends calls whose first message does not come. */
export function guardCalls(grpc: Grpc, { authenticator, rate }: GuardOptions): ServerInterceptor {
  const admit = async (path: string, metadata: Metadata, address: string): Promise<void> => {
    if (OPEN.includes(path)) return;
    rate?.count(address);
    await authenticator?.authenticate(metadata.get('authorization')[0]?.toString());
  };
  return ({ path }, call) => {
    let slow: NodeJS.Timeout | undefined;
    const end = (error: unknown, metadata: Metadata): void => {
      call.sendStatus(grpcFailure(grpc, error, requestIdOf({ 'x-request-id': metadata.get('x-request-id')[0]?.toString().slice(0, 100) })));
    }; // prettier-ignore
    return new grpc.ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => {
            const address = call.getConnectionInfo().remoteAddress ?? call.getPeer();
            admit(path, metadata, address).then(
              () => {
                slow = setTimeout(() => end(tooSlow(), metadata), RECEIVE_MS).unref();
                pass(metadata);
              },
              (error: unknown) => end(error, metadata),
            );
          },
          onReceiveMessage: (message, pass) => {
            clearTimeout(slow);
            pass(message);
          },
          onCancel: () => clearTimeout(slow),
        }),
    });
  };
}

function tooSlow(): WebError {
  return new WebError('RequestInvalid', `no message came within ${RECEIVE_MS / 1000} s of the call`, {
    details: { limitMs: RECEIVE_MS },
  });
}
