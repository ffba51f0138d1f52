import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

/** What an ingestion was sent, as far as tests look at it. */
export interface ReceivedEnvelope {
  readonly name: string;
  readonly iKey: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly data: {
    readonly baseType: string;
    readonly baseData: Readonly<Record<string, unknown>> & { readonly properties?: Readonly<Record<string, string>> };
  };
}

/** One answer of the ingestion. */
export interface IngestionAnswer {
  readonly status: number;
  readonly body?: unknown;
}

/** An ingestion of Application Insights on this machine. */
export interface Ingestion {
  /** What `IngestionEndpoint` is to be. */
  readonly endpoint: string;
  /** What came with each request. */
  readonly batches: readonly (readonly ReceivedEnvelope[])[];
  readonly paths: readonly string[];
}

/** Starts an ingestion for one test: it answers as it is told, one answer after the other, and then that it took all. */
export async function startIngestion(answers: readonly IngestionAnswer[] = []): Promise<Ingestion> {
  const batches: ReceivedEnvelope[][] = [];
  const paths: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const items = JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()) as ReceivedEnvelope[];
      const all = { itemsReceived: items.length, itemsAccepted: items.length, errors: [] };
      const { status, body = all } = answers[batches.length] ?? { status: 200 };
      batches.push(items);
      paths.push(`${request.method} ${request.url} ${request.headers['content-type']}`);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, batches, paths };
}
