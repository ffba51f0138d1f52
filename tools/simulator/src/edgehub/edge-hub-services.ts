import type { EventSink } from '@edgewright/contract';
import type { JsonService } from '../http/json-service.ts';
import { startMetricsService } from '../http/metrics-service.ts';
import type { Hub } from '../hub/hub.ts';
import type { IssuedCertificate } from '../workload/certificate-issuer.ts';
import { startEdgeHubHttps } from './edge-hub-https.ts';
import type { EdgeHubMetrics } from './edge-hub-metrics.ts';
import type { MethodBridge } from './method-bridge.ts';

export interface EdgeHubServiceOptions {
  readonly hub: Hub;
  /** The edge device that it belongs to. */
  readonly deviceId: string;
  /** The address to listen on. */
  readonly host: string;
  /** The name by which clients reach it, without the port. */
  readonly gatewayHostName: string;
  readonly certificate: IssuedCertificate;
  /** HTTPS; 0 or absent: any free port. The Azure SDKs for devices call 443 and no other. */
  readonly httpsPort?: number;
  /** Prometheus metrics; 0 or absent: any free port. */
  readonly metricsPort?: number;
  readonly emit: EventSink;
}

/** What edgeHub serves beside MQTT. */
export interface EdgeHubServices {
  readonly https: JsonService;
  readonly metrics: JsonService;
}

/** The parts that the services show. */
export interface ServedParts {
  readonly methods: MethodBridge;
  readonly metrics: EdgeHubMetrics;
  readonly switches: { readonly metricsEnabled: boolean };
  readonly mqttPort: number;
}

/** Starts them. @throws SimulatorError `SimulatorPortInUse` */
export async function startServices(
  options: EdgeHubServiceOptions,
  { methods, metrics, switches, mqttPort }: ServedParts,
  opened: AsyncDisposableStack,
): Promise<EdgeHubServices> {
  const { hub, deviceId, host, certificate, emit } = options;
  const https: JsonService = opened.use(
    await startEdgeHubHttps({
      hub,
      deviceId,
      host,
      port: options.httpsPort ?? 0,
      gatewayHostNames: () => [...gatewayHostNames(options, mqttPort), `${options.gatewayHostName}:${https.port}`],
      certificate,
      invokeMethod: async (caller, call) => await methods.invoke(caller, call),
      emit,
    }),
  );
  const served = opened.use(
    await startMetricsService({
      purpose: "edgeHub's metrics",
      host,
      port: options.metricsPort ?? 0,
      metrics: () => (switches.metricsEnabled ? metrics.registry.metrics() : undefined),
    }),
  );
  return { https, metrics: served };
}

/** The names, besides the hub's, that tokens for this edgeHub may be made for. */
export function gatewayHostNames(
  { gatewayHostName }: { readonly gatewayHostName: string },
  mqttPort: number,
): string[] {
  return [gatewayHostName, `${gatewayHostName}:${mqttPort}`];
}
