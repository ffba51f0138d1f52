import { configurationRoutes } from '../../deployments/configuration-routes.ts';
import type { Deployments } from '../../deployments/deployments.ts';
import type { EventSink } from '@edgewright/contract';
import { messageOf } from '@edgewright/contract';
import { startJsonService } from '../../http/json-service.ts';
import type { JsonService, JsonServiceOptions } from '../../http/json-service.ts';
import type { IssuedCertificate } from '../../workload/certificate-issuer.ts';
import type { Hub } from '../hub.ts';
import type { SharedAccessPolicies } from '../shared-access-policies.ts';
import { absentRoutes } from './absent-routes.ts';
import { bulkRoutes } from './bulk-routes.ts';
import { cloudMessageRoutes } from './cloud-message-routes.ts';
import { contentRoutes } from './content-routes.ts';
import { errorReply } from './error-body.ts';
import { identityRoutes } from './identity-routes.ts';
import { methodRoutes } from './method-routes.ts';
import { authorize } from './rest-authorization.ts';
import type { RestRoute } from './rest-route.ts';
import { queryRoutes } from './query-routes.ts';
import { statisticsRoutes } from './statistics-routes.ts';
import { twinRoutes } from './twin-routes.ts';

/** The service API in one list. */
const routeFamilies: readonly ((hub: Hub) => RestRoute[])[] = [
  identityRoutes,
  bulkRoutes,
  twinRoutes,
  contentRoutes,
  queryRoutes,
  methodRoutes,
  cloudMessageRoutes,
  statisticsRoutes,
  absentRoutes,
];

/** More than the largest request that IoT Hub takes: a bulk request of 100 devices with their twins. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

export interface RestServerOptions {
  readonly hub: Hub;
  readonly deployments: Deployments;
  readonly policies: SharedAccessPolicies;
  readonly certificate: IssuedCertificate;
  /** The address to listen on. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly emit: EventSink;
  /** Takes requests for a WebSocket. */
  readonly upgrade?: JsonServiceOptions<RestRoute>['upgrade'];
}

/**
 * Serves IoT Hub's service API over HTTPS.
 *
 * @throws SimulatorError `SimulatorPortInUse`, `SimulatorFailed`
 */
export async function startRestServer(options: RestServerOptions): Promise<JsonService> {
  const { hub, deployments, policies, certificate, host, emit } = options;
  const hostNames = [hub.hostName];
  const service = await startJsonService({
    purpose: "IoT Hub's REST service",
    routes: [...routeFamilies.flatMap((family) => family(hub)), ...configurationRoutes(hub, deployments)],
    host,
    port: options.port,
    tls: certificate,
    maxBodyBytes: MAX_BODY_BYTES,
    ...(options.upgrade !== undefined && { upgrade: options.upgrade }),
    authorize: (route, head) => {
      authorize(
        { policies, hostNames, now: hub.now },
        { header: head.header('authorization'), path: head.path, permissions: route.permissions },
      );
      hub.throttle.check();
    },
    failure: (error) => {
      const reply = errorReply(error, hub.now());
      if (reply.status === 500) emit({ stage: 'simulator.hub', state: 'failed', text: messageOf(error) });
      return reply;
    },
  });
  // some clients put the port into the host name
  hostNames.push(`${hub.hostName}:${service.port}`);
  return service;
}
