import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of a request: answered, cut after so many bytes, announced with another size, or answered with a status. */
export type RangeServerFault =
  | 'none'
  | { readonly cutAfter: number }
  | { readonly announce: number }
  | { readonly status: number };

/** Serves files from memory with ranges, as Blob Storage does, with faults on demand. */
export class RangeServer implements AsyncDisposable {
  readonly files = new Map<string, Uint8Array>();
  /** Asked for each request, in order; the last one stays. */
  faults: RangeServerFault[] = ['none'];
  /** The `Range` of each request; empty when it had none. */
  readonly ranges: string[] = [];
  readonly #server = createServer((request, response) => this.#answer(request, response));

  static async start(): Promise<RangeServer> {
    const server = new RangeServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  private constructor() {}

  url(name: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${name}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await Promise.resolve();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const range = request.headers.range ?? '';
    this.ranges.push(range);
    const fault = (this.faults.length > 1 ? this.faults.shift() : this.faults[0]) ?? 'none';
    const file = this.files.get((request.url ?? '').split('?')[0]?.slice(1) ?? '');
    if (fault !== 'none' && 'status' in fault) response.writeHead(fault.status).end();
    else if (file === undefined) response.writeHead(404).end();
    else if (fault !== 'none' && 'announce' in fault) {
      response.writeHead(200, { 'content-length': fault.announce }).write(file);
    } else {
      const from = Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0);
      const body = file.subarray(from);
      const head = {
        'content-length': body.length,
        'content-range': `bytes ${from}-${file.length - 1}/${file.length}`,
      };
      response.writeHead(range === '' ? 200 : 206, head);
      if (fault === 'none') response.end(body);
      else response.write(body.subarray(0, fault.cutAfter), () => setTimeout(() => response.destroy(), 250));
    }
  }
}
