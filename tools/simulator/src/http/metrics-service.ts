import { Readable } from 'node:stream';
import { isEdgewrightError, messageOf } from '@edgewright/contract';
import { SimulatorError } from '../simulator-error.ts';
import { startJsonService } from './json-service.ts';
import type { JsonService } from './json-service.ts';

export interface MetricsServiceOptions {
  /** Whose metrics these are, for messages. */
  readonly purpose: string;
  /** The address to listen on. */
  readonly host: string;
  /** 0 for any free port; IoT Edge's own is 9600. */
  readonly port: number;
  /** Prometheus' text format; undefined when metrics are switched off. */
  readonly metrics: () => Promise<string> | undefined;
}

/**
 * Serves metrics at `/metrics` over plain HTTP, as edgeHub and edgeAgent do.
 *
 * @throws SimulatorError `SimulatorPortInUse`, `SimulatorFailed`
 */
export async function startMetricsService({
  purpose,
  host,
  port,
  metrics,
}: MetricsServiceOptions): Promise<JsonService> {
  return await startJsonService({
    purpose,
    host,
    port,
    maxBodyBytes: 1024,
    routes: [
      {
        method: 'GET',
        path: '/metrics',
        handle: async () => {
          const text = await metrics();
          if (text === undefined) return { status: 404, body: { message: `${purpose} are switched off` } };
          return {
            status: 200,
            headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
            stream: Readable.from([text]),
          };
        },
      },
    ],
    authorize: () => {},
    failure: (error) => {
      const known = isEdgewrightError(error) ? error : new SimulatorError('SimulatorFailed', messageOf(error));
      return { status: known.httpStatus, body: { message: known.message } };
    },
  });
}
