import { setTimeout as pause } from 'node:timers/promises';
import type { ChannelOptions, Client, Metadata, ServiceError } from '@grpc/grpc-js';
import { isEdgewrightError, messageOf } from '@edgewright/contract';
import type { RemoteModel } from '@edgewright/contract';
import { EngineError } from '../../engine-error.ts';
import { mayPass, remoteFailure } from './remote-failure.ts';
import type { RemoteProtocol } from './remote-protocol.ts';
import { settingsOf } from './remote-settings.ts';
import { readToken } from './remote-token.ts';
import type { GrpcRuntime } from './runtime.ts';

/** What a client needs of the description's files. */
export interface RemoteFiles {
  /** Certificates to trust. */
  readonly ca: Buffer | undefined;
  /** Absolute path of the token's file. */
  readonly tokenFile: string | undefined;
}

export interface RemoteClientOptions {
  readonly runtime: GrpcRuntime;
  readonly protocol: RemoteProtocol;
  readonly description: RemoteModel;
  readonly files: RemoteFiles;
}

/** One server of a remote model. */
export interface RemoteClient {
  /**
   * Calls once, and again after failures that may pass: at most `tries` times, each with its own deadline.
   *
   * @throws EngineError `InputInvalid`, `ScoringTimeout`, `AcceleratorFailed`
   */
  call(request: object): Promise<unknown>;
  /** Ends the connection; a call that waits for its next try gives up. */
  close(): void;
}

/** What a call needs of a method. */
interface Method {
  readonly path: string;
  readonly requestSerialize: (request: object) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => object;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const KEEP_ALIVE_TIMEOUT_MS = 10_000;

/** Opens a client; the connection is made at the first call, and again whenever it was lost. */
export function openRemoteClient({ runtime, protocol, description, files }: RemoteClientOptions): RemoteClient {
  const { grpc } = runtime;
  const { status } = grpc;
  const { tries, timeoutMs } = settingsOf(description);
  const method = methodOf(runtime, protocol);
  const credentials =
    description.tls === true ? grpc.credentials.createSsl(files.ca ?? null) : grpc.credentials.createInsecure();
  const connect = (): Client => new grpc.Client(description.address, credentials, channelOptions(description));
  let client = connect();
  const closing = new AbortController();
  const attempt = async (request: object): Promise<unknown> => {
    const metadata = await metadataOf(grpc, description, files);
    return unary({ client, method, metadata, request, deadline: new Date(Date.now() + timeoutMs) });
  };
  return {
    call: async (request) => {
      for (let count = 1; ; count += 1) {
        try {
          return await attempt(request);
        } catch (cause) {
          if (isEdgewrightError(cause)) throw cause;
          const error = cause as ServiceError;
          if (count >= tries || !mayPass(status, error.code) || closing.signal.aborted) {
            throw remoteFailure(status, description, { error, tries: count });
          }
          const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (count - 1));
          if (error.code === status.DEADLINE_EXCEEDED) {
            // the connection may lead nowhere any more, which a router that forgot it does not say
            client.close();
            client = connect();
          }
          // half of it by chance, so that callers that failed together do not come back together
          await pause(longest / 2 + (Math.random() * longest) / 2, undefined, { signal: closing.signal }).catch(() => {
            throw remoteFailure(status, description, { error, tries: count });
          });
        }
      }
    },
    close: () => {
      closing.abort();
      client.close();
    },
  };
}

function channelOptions(description: RemoteModel): ChannelOptions {
  const { maxMessageBytes, keepAliveMs } = settingsOf(description);
  return {
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    // tries are counted here: the library's own would multiply them
    'grpc.enable_retries': 0,
    // the library waits a second, and ever longer, before it connects again; tries must not meet only that pause
    'grpc.initial_reconnect_backoff_ms': FIRST_PAUSE_MS,
    'grpc.max_reconnect_backoff_ms': LONGEST_PAUSE_MS,
    // a connection that a router forgot is found out while a call waits, and not by every later call
    'grpc.keepalive_time_ms': keepAliveMs,
    'grpc.keepalive_timeout_ms': KEEP_ALIVE_TIMEOUT_MS,
    // each client its own connection: another model's may have other certificates
    'grpc.use_local_subchannel_pool': 1,
  };
}

function methodOf({ protoLoader }: GrpcRuntime, { descriptor, service, method }: RemoteProtocol): Method {
  const definition = protoLoader.fromJSON(descriptor, {
    keepCase: true,
    longs: String,
    defaults: true,
    bytes: Buffer,
  });
  const found = (definition[service] as Readonly<Record<string, Method>> | undefined)?.[method];
  if (found === undefined) throw new TypeError(`the descriptor has no ${service}/${method}`);
  return found;
}

interface Call {
  readonly client: Client;
  readonly method: Method;
  readonly metadata: Metadata;
  readonly request: object;
  readonly deadline: Date;
}

function unary({ client, method, metadata, request, deadline }: Call): Promise<unknown> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      metadata,
      { deadline },
      (error, answer) => (error === null ? resolve(answer) : reject(error)),
    );
  });
}

async function metadataOf(
  grpc: GrpcRuntime['grpc'],
  { address, service }: RemoteModel,
  { tokenFile }: RemoteFiles,
): Promise<Metadata> {
  const metadata = new grpc.Metadata();
  if (service !== undefined) metadata.set('x-ms-aml-grpc-service-route', `/api/v1/service/${service}`);
  if (tokenFile === undefined) return metadata;
  try {
    metadata.set('authorization', `Bearer ${await readToken(tokenFile)}`);
    return metadata;
  } catch (cause) {
    throw new EngineError('AcceleratorFailed', `cannot ask the accelerator at ${address}: ${messageOf(cause)}`, {
      details: { address, tokenFile },
      cause,
    });
  }
}
