import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listenFailure } from '../http/listen-failure.ts';
import { failure } from './workload-api.ts';
import type { WorkloadApi, WorkloadReply } from './workload-api.ts';

/** More requests at once than this, and the daemon hangs up. */
const MAX_REQUESTS = 10;
const BODY_TIMEOUT_MS = 5000;
const MAX_BODY_BYTES = 1024 * 1024;

/** Where the workload API is served: on a socket for one module, or on a port for all. */
export type WorkloadAddress =
  | { readonly socketPath: string; readonly moduleId: string; readonly isShared?: boolean }
  | { readonly host: string; readonly port: number };

export interface WorkloadServer extends AsyncDisposable {
  /** What modules are given as IOTEDGE_WORKLOADURI. */
  readonly uri: string;
}

/**
 * Serves the workload API at one address.
 *
 * @throws SimulatorError `SimulatorPortInUse`, `SimulatorFailed`
 */
export async function startWorkloadServer(api: WorkloadApi, address: WorkloadAddress): Promise<WorkloadServer> {
  const caller = 'moduleId' in address ? address.moduleId : undefined;
  let active = 0;
  const server = createServer((request, response) => {
    if (active >= MAX_REQUESTS) {
      request.socket.destroy();
      return;
    }
    active += 1;
    response.once('close', () => {
      active -= 1;
    });
    void serve(api, { request, response, caller });
  });
  await listen(server, address);
  return { uri: uriOf(server, address), [Symbol.asyncDispose]: () => close(server, address) };
}

async function serve(
  api: WorkloadApi,
  { request, response, caller }: { request: IncomingMessage; response: ServerResponse; caller: string | undefined },
): Promise<void> {
  const body = await readBody(request);
  const reply = Buffer.isBuffer(body)
    ? await api.answer({ method: request.method ?? '', url: request.url ?? '', body, caller })
    : body;
  const text = JSON.stringify(reply.body);
  // the Azure SDK parses bodies of this type only
  response.writeHead(reply.status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
  if (!request.complete) response.once('finish', () => request.destroy());
}

/** The body, or the answer when it does not come. */
async function readBody(request: IncomingMessage): Promise<Buffer | WorkloadReply> {
  const { promise, resolve } = Promise.withResolvers<Buffer | WorkloadReply>();
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(
    () => resolve(failure(408, `the body did not arrive within ${BODY_TIMEOUT_MS} ms`)),
    BODY_TIMEOUT_MS,
  );
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) resolve(failure(413, `the body has more than ${MAX_BODY_BYTES} bytes`));
    else chunks.push(chunk);
  });
  request.once('end', () => resolve(Buffer.concat(chunks)));
  request.once('error', () => resolve(failure(400, 'the request broke off')));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

async function listen(server: Server, address: WorkloadAddress): Promise<void> {
  try {
    if ('socketPath' in address) {
      // what a killed simulator left behind
      await rm(address.socketPath, { force: true });
      server.listen(address.socketPath);
    } else server.listen(address.port, address.host);
    await once(server, 'listening');
    if ('socketPath' in address) await chmod(address.socketPath, address.isShared === true ? 0o666 : 0o600);
  } catch (cause) {
    const where = 'socketPath' in address ? { host: address.socketPath, port: 0 } : address;
    throw listenFailure('the workload API', where, cause);
  }
}

async function close(server: Server, address: WorkloadAddress): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
  if ('socketPath' in address) await rm(address.socketPath, { force: true });
}

function uriOf(server: Server, address: WorkloadAddress): string {
  if ('socketPath' in address) return `unix://${address.socketPath}`;
  return `http://${address.host}:${(server.address() as AddressInfo).port}`;
}
