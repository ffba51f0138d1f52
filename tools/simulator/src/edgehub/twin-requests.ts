import { performance } from 'node:perf_hooks';
import { isEdgewrightError, messageOf, messageSource } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import type { Client } from './client.ts';
import type { EdgeHubMetrics } from './edge-hub-metrics.ts';
import type { EdgeMessage } from './edge-message.ts';
import { parseReportedPatch } from './reported-properties.ts';
import type { Router } from './router.ts';
import type { TwinService } from './twin-service.ts';

const NO_BODY = Buffer.alloc(0);

/** The answer to a twin request. Those that say no have no body. */
export interface TwinResponse {
  readonly status: number;
  readonly body: Buffer;
}

export interface TwinRequestsOptions {
  readonly twins: TwinService;
  readonly router: Router;
  readonly metrics: EdgeHubMetrics;
  /** The edge device. */
  readonly deviceId: string;
  readonly now: () => number;
  readonly emit: EventSink;
}

/** Answers what clients ask of their twins, and tells routes of what they report. */
export class TwinRequests {
  readonly #options: TwinRequestsOptions;

  constructor(options: TwinRequestsOptions) {
    this.#options = options;
  }

  get(client: Client): TwinResponse {
    const { twins, metrics } = this.#options;
    const start = performance.now();
    try {
      const twin = twins.read(client.identity);
      metrics.twinRead(client.name, performance.now() - start);
      return { status: 200, body: Buffer.from(JSON.stringify(twin)) };
    } catch (error) {
      return this.#failure(client, error);
    }
  }

  async patchReported(client: Client, payload: Buffer): Promise<TwinResponse> {
    const { twins, router, metrics } = this.#options;
    const start = performance.now();
    try {
      twins.report(client.identity, parseReportedPatch(payload));
      await router.take(this.#twinChange(client, payload));
      metrics.reportedUpdated(client.name, performance.now() - start);
      return { status: 204, body: NO_BODY };
    } catch (error) {
      return this.#failure(client, error);
    }
  }

  #failure(client: Client, error: unknown): TwinResponse {
    const status = isEdgewrightError(error) && error.fault === 'user' ? 400 : 500;
    this.#options.emit({
      stage: 'edgehub.twin',
      state: 'failed',
      text: `${client.name}: ${messageOf(error)}`,
      data: { client: client.name, status },
    });
    return { status, body: NO_BODY };
  }

  #twinChange({ identity }: Client, payload: Buffer): EdgeMessage {
    return {
      source: messageSource.twinChange,
      body: payload,
      properties: {},
      systemProperties: {
        enqueuedTime: new Date(this.#options.now()).toISOString(),
        messageSchema: 'twinChangeNotification',
        connectionDeviceId: this.#options.deviceId,
        connectionModuleId: '$edgeHub',
        rpConnectionDeviceId: identity.deviceId,
        ...(identity.moduleId !== undefined && { rpConnectionModuleId: identity.moduleId }),
      },
    };
  }
}
