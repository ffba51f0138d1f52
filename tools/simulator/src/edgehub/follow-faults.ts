import { concerns } from '../faults/fault-plan.ts';
import type { FaultPlan } from '../faults/fault-plan.ts';
import type { Fault } from '../faults/fault.ts';
import type { IdentityName } from '../hub/identity.ts';
import type { ClientDirectory } from './client-directory.ts';
import type { SessionStore } from './session-store.ts';

/** How long a hub that restarts is away unless it is said. */
export const DEFAULT_RESTART_MS = 1000;

export interface FollowFaultsOptions {
  readonly faults: FaultPlan;
  readonly clients: ClientDirectory;
  readonly sessions: SessionStore;
  /** The edge device whose edgeHub this is, and how that goes away for a while. */
  readonly edge?: { readonly deviceId: string; readonly suspend: (durationMs: number) => Promise<void> };
}

/** Does to the clients of a hub what faults ask for: cuts, lost sessions, a clock that jumped, a restart. */
export function followFaults(options: FollowFaultsOptions): Disposable {
  return options.faults.listen(async (fault) => await strike(fault, options));
}

async function strike(fault: Fault, { clients, sessions, edge }: FollowFaultsOptions): Promise<void> {
  const struck = clients.all().filter(({ identity }) => concerns(fault, identity));
  switch (fault.kind) {
    case 'cut':
      for (const client of struck) client.cut('cut off by a fault that was asked for');
      break;
    case 'lose-session':
      for (const client of struck) client.cut('its session was lost, which was asked for');
      sessions.removeOf((name) => concerns(fault, nameOf(name)));
      break;
    case 'clock-skew':
      for (const client of struck) client.checkToken();
      break;
    case 'restart':
      if (edge !== undefined && edge.deviceId === fault.deviceId) {
        await edge.suspend(fault.durationMs ?? DEFAULT_RESTART_MS);
      }
      break;
    default:
    // the others are looked up by whoever they strike
  }
}

function nameOf(client: string): IdentityName {
  const [deviceId = '', moduleId] = client.split('/');
  return { deviceId, ...(moduleId !== undefined && { moduleId }) };
}
