import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf } from '@edgewright/contract';
import { IotHubError } from '../../iothub-error.ts';
import type { RolloutStore } from '../rollout-store.ts';
import { PageAccess } from './page-access.ts';
import { readAsset } from './page-assets.ts';
import { pageEvents } from './page-events.ts';

export interface RolloutPageOptions {
  /** Stays open as long as the page. */
  readonly store: RolloutStore;
  /** 0 for any free port. */
  readonly port: number;
  /** Milliseconds between two looks into the store. */
  readonly intervalMs: number;
}

/** A page of rollouts that is served; disposing of it ends that. */
export interface RolloutPage extends AsyncDisposable {
  /** The address that lets a browser in. */
  readonly url: string;
}

/** Nothing from elsewhere, no frames around it, and no script in the page itself. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};
const HOST = '127.0.0.1';
const REFUSAL = `<!doctype html><meta charset="utf-8"><title>Edgewright rollouts</title>
<p>This page opens with the address that <code>edgewright rollout page</code> prints: it carries a token.</p>`;

/**
 * Serves a page that shows rollouts as they go on: rings, devices by state, gates over time. On this machine only, and for
 * whoever has its address; it changes nothing.
 *
 * @throws IotHubError `RolloutPageFailed` when the port cannot be listened on
 */
export async function serveRolloutPage(options: RolloutPageOptions): Promise<RolloutPage> {
  const access = new PageAccess();
  const ending = new AbortController();
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => fail(response, error));
  });
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', `http://${HOST}`);
    if (request.method !== 'GET') return answer(response, 405, { text: 'this page is only read' });
    if (pathname === '/') return await enter(access, request, { response, token: searchParams.get('token') });
    if (!access.allows(request)) return answer(response, 401, { type: 'text/html; charset=utf-8', text: REFUSAL });
    if (pathname !== '/events') return await sendAsset(response, pathname.slice('/page/'.length));
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
    const signal = AbortSignal.any([gone.signal, ending.signal]);
    return await pageEvents({ ...options, name: searchParams.get('name') ?? undefined, signal }, response);
  };
  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  access.listeningOn(port);
  return {
    url: `http://${HOST}:${port}${access.entrance}`,
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function enter(
  access: PageAccess,
  request: IncomingMessage,
  { response, token }: { readonly response: ServerResponse; readonly token: string | null },
): Promise<void> {
  const cookie = access.cookieFor(request, token);
  if (cookie !== undefined) {
    response.writeHead(303, { ...HEADERS, location: '/', 'set-cookie': cookie }).end();
    return;
  }
  if (access.allows(request)) await sendAsset(response, 'index.html');
  else answer(response, 401, { type: 'text/html; charset=utf-8', text: REFUSAL });
}

async function sendAsset(response: ServerResponse, name: string): Promise<void> {
  const asset = await readAsset(name);
  if (asset === undefined) answer(response, 404, { text: 'the page has no such file' });
  else answer(response, 200, { type: asset.type, text: asset.content });
}

function answer(
  response: ServerResponse,
  status: number,
  { type = 'text/plain; charset=utf-8', text }: { readonly type?: string; readonly text: string | Buffer },
): void {
  response.writeHead(status, { ...HEADERS, 'content-type': type }).end(text);
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else answer(response, 500, { text: messageOf(error) });
}

async function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  server.listen(port, HOST);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const text = `cannot serve the page of rollouts on port ${port} of ${HOST}: ${messageOf(cause)}`;
    throw new IotHubError('RolloutPageFailed', text, { details: { port }, cause });
  }
}
