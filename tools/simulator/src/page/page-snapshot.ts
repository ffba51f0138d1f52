import type { EdgeDevice } from '../edge-device.ts';
import type { EdgeDevices } from '../edge-devices.ts';
import type { Hub } from '../hub/hub.ts';
import type { Identity } from '../hub/identity.ts';

/** The most devices that the page shows; a thousand would be no picture any more. */
const MAX_DEVICES = 200;

export interface ShownModule {
  readonly moduleId: string;
  readonly isConnected: boolean;
  /** As the edge agent reports it; absent for modules that it does not run. */
  readonly status?: string;
  readonly description?: string;
  readonly restartCount?: number;
  /** Messages since edgeHub started. */
  readonly taken: number;
  readonly sent: number;
  /** Messages that wait for it. */
  readonly queued: number;
}

export interface ShownRoute {
  readonly name: string;
  readonly text: string;
  /** `$upstream` or a module's id. */
  readonly to: string;
  readonly input: string;
  readonly queued: number;
  /** Messages since edgeHub started. */
  readonly count: number;
}

export interface ShownDevice {
  readonly deviceId: string;
  readonly isEdge: boolean;
  readonly isEnabled: boolean;
  readonly isConnected: boolean;
  readonly isOnline?: boolean;
  readonly gateway?: string;
  readonly modules: readonly ShownModule[];
  readonly routes: readonly ShownRoute[];
  /** Messages of clients that are no modules, and those for `$upstream`. */
  readonly leafTaken: number;
  readonly upstreamSent: number;
  readonly upstreamQueued: number;
  readonly dropped: number;
}

/** What the page shows at one moment. */
export interface Snapshot {
  readonly hubHostName: string;
  /** Milliseconds since 1970, of the true clock: rates are made of two snapshots. */
  readonly takenAt: number;
  /** Messages that have reached the hub, ever. */
  readonly telemetry: number;
  /** How many devices there are, shown or not. */
  readonly deviceCount: number;
  readonly devices: readonly ShownDevice[];
}

export function takeSnapshot(hub: Hub, edgeDevices: EdgeDevices): Snapshot {
  return {
    hubHostName: hub.hostName,
    takenAt: Date.now(),
    telemetry: hub.lastSequenceNumber,
    deviceCount: hub.deviceCounts().total,
    devices: hub
      .devices(MAX_DEVICES)
      .map((identity) => showDevice(hub, identity, edgeDevices.running(identity.deviceId))),
  };
}

function showDevice(hub: Hub, { deviceId, edge, status }: Identity, running: EdgeDevice | undefined): ShownDevice {
  const counts = running?.edgeHub.traffic.counts();
  const queues = running?.edgeHub.queueLengths() ?? [];
  const queued = (isMeant: (endpoint: string) => boolean) =>
    queues.filter(({ endpoint }) => isMeant(endpoint)).reduce((sum, { length }) => sum + length, 0);
  const states = new Map(running?.modules().map((state) => [state.name, state]));
  const modules = hub.modulesOf(deviceId).map(({ moduleId = '' }): ShownModule => {
    const name = `${deviceId}/${moduleId}`;
    const state = states.get(moduleId);
    return {
      moduleId,
      isConnected: hub.connection(deviceId, moduleId).state === 'Connected',
      ...(state !== undefined && {
        status: state.status,
        description: state.description,
        restartCount: state.restartCount,
      }),
      taken: counts?.taken[name] ?? 0,
      sent: counts?.sent[name] ?? 0,
      queued: queued((endpoint) => endpoint.startsWith(`modules/${moduleId}/`)),
    };
  });
  const routes = (running?.edgeHub.routes.routes ?? []).map(({ name, source, endpoint }): ShownRoute => {
    const [, to = '$upstream', , input = ''] = endpoint.split('/');
    const waiting = queued((other) => other === endpoint);
    return { name, text: source, to, input, queued: waiting, count: counts?.routes[name] ?? 0 };
  });
  return {
    deviceId,
    isEdge: edge,
    isEnabled: status === 'enabled',
    isConnected: hub.connection(deviceId).state === 'Connected',
    ...(running !== undefined && { isOnline: running.isOnline, gateway: running.gateway }),
    modules,
    routes,
    leafTaken: Object.entries(counts?.taken ?? {}).reduce((sum, [name, n]) => (name.includes('/') ? sum : sum + n), 0),
    upstreamSent: counts?.sent['upstream'] ?? 0,
    upstreamQueued: queued((endpoint) => endpoint === '$upstream'),
    dropped: counts?.dropped ?? 0,
  };
}
