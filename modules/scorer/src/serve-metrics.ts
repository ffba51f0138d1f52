import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HealthBoard, Metrics } from '@edgewright/telemetry';

/** A server of `GET /metrics` and `GET /healthz` alone. */
export interface MetricsServer extends AsyncDisposable {
  readonly port: number;
}

/**
 * Serves the metrics on a port of their own: IoT Edge's modules have theirs on 9600. Beside them the health, for containers: 200, or
 * 503 with what is wrong. Throws what listening throws.
 */
export async function serveMetrics(
  metrics: Metrics,
  health: HealthBoard,
  address: { host: string; port: number },
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (path === '/healthz') {
      const { isHealthy, problems } = health;
      const body = JSON.stringify({ status: isHealthy ? 'Healthy' : 'Unhealthy', problems });
      response.writeHead(isHealthy ? 200 : 503, { 'content-type': 'application/json' }).end(body);
      return;
    }
    if (path !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('There are /metrics and /healthz here.\n');
      return;
    }
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.requestTimeout = 10_000;
  server.maxConnections = 32;
  server.listen(address.port, address.host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await Promise.resolve();
    },
  };
}
