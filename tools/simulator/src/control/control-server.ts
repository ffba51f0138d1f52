import { isEdgewrightError, messageOf } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import { startJsonService } from '../http/json-service.ts';
import type { JsonService } from '../http/json-service.ts';
import type { Page } from '../page/page.ts';
import type { SimulatorClient } from '../simulator-client.ts';
import { SimulatorError } from '../simulator-error.ts';
import { controlRoutes } from './control-routes.ts';
import { isSameSecret } from '../http/is-same-secret.ts';

const MAX_BODY_BYTES = 1024 * 1024;

export interface ControlServerOptions {
  /** What it controls. Called only after the server has started. */
  readonly simulator: SimulatorClient;
  /** Clients send it as `Authorization: Bearer …`. */
  readonly token: string;
  /** The address to listen on. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Served beside the control interface; whoever it let in may use that too. */
  readonly page: Page;
  readonly emit: EventSink;
}

/**
 * Serves the control interface: the command and the page of a simulator talk to it.
 *
 * @throws SimulatorError `SimulatorPortInUse`, `SimulatorFailed`
 */
export async function startControlServer(options: ControlServerOptions): Promise<JsonService> {
  const { simulator, token, host, port, page, emit } = options;
  const service = await startJsonService({
    purpose: "the simulator's control interface",
    routes: [...controlRoutes(simulator), ...page.routes],
    host,
    port,
    maxBodyBytes: MAX_BODY_BYTES,
    authorize: ({ method }, head) => {
      if (page.isEntrance(head.path)) return;
      if (page.access.allows({ method, header: (name) => head.header(name) })) return;
      if (isSameSecret(head.header('authorization') ?? '', `Bearer ${token}`)) return;
      throw new SimulatorError(
        'SimulatedHubUnauthorized',
        'the control interface wants the token of simulator.json, which is in the state folder, as "Authorization: Bearer …"',
      );
    },
    failure: (error) => {
      const known = isEdgewrightError(error)
        ? error
        : new SimulatorError('SimulatorFailed', `the simulator failed: ${messageOf(error)}`, { cause: error });
      if (known.fault === 'self') emit({ stage: 'simulator.control', state: 'failed', text: known.message });
      return { status: known.httpStatus, body: { error: known.toJSON() } };
    },
  });
  page.access.listeningOn(service.port);
  return service;
}
