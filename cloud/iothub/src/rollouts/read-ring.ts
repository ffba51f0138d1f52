import type { Hub } from '../hub.ts';
import { compileCondition } from '../plan/target-condition.ts';
import type { ModuleTwin, RingReports } from './check-gates.ts';
import { ringDeploymentId } from './ring-deployment.ts';
import type { RolloutDevice, RolloutRecord } from './rollout-store.ts';

/** What the devices of a ring report. */
export interface RingView extends RingReports {
  /** Devices of the ring. */
  readonly total: number;
}

interface AgentTwin {
  readonly deviceId: string;
  readonly properties: {
    readonly desired: { readonly $version?: number };
    readonly reported: {
      readonly lastDesiredVersion?: number;
      readonly lastDesiredStatus?: { readonly code?: number };
      readonly modules?: Readonly<Record<string, { readonly runtimeStatus?: string }>>;
    };
  };
}

/** Reads how the ring that a rollout works on fares; `twins` holds the devices that have the change. */
export async function readRing(hub: Hub, record: RolloutRecord, devices: readonly RolloutDevice[]): Promise<RingView> {
  const { module, ready } = record.file;
  const inRing = new Map(devices.map((device) => [device.deviceId, device.before.counters]));
  const twins = new Map<string, ModuleTwin>();
  const isReady = ready === undefined ? undefined : compileCondition(ready);
  const query = `SELECT * FROM devices.modules WHERE moduleId = '${module}'`;
  for await (const twin of hub.query<ModuleTwin & { readonly deviceId: string }>(query)) {
    if (inRing.has(twin.deviceId) && isReady?.matches(twin) !== false) twins.set(twin.deviceId, twin);
  }
  if (isReady === undefined) await dropUnsettled(hub, module, twins);
  const id = ringDeploymentId(record.name, record.ring);
  const metrics = needsMetrics(record) ? (await hub.deployments.get(id)).results : {};
  return { twins, total: devices.length, before: inRing, metrics };
}

/** Without a condition of the file, a device has the change when edgeAgent reports it applied, and the module running. */
async function dropUnsettled(hub: Hub, module: string, twins: Map<string, ModuleTwin>): Promise<void> {
  const settled = new Set<string>();
  const query = "SELECT * FROM devices.modules WHERE moduleId = '$edgeAgent'";
  for await (const { deviceId, properties } of hub.query<AgentTwin>(query)) {
    const { desired, reported } = properties;
    const isApplied = reported.lastDesiredVersion === desired.$version && reported.lastDesiredStatus?.code === 200;
    if (isApplied && reported.modules?.[module]?.runtimeStatus === 'running') settled.add(deviceId);
  }
  for (const deviceId of twins.keys()) if (!settled.has(deviceId)) twins.delete(deviceId);
}

function needsMetrics({ file }: RolloutRecord): boolean {
  return file.gates?.some((gate) => 'metric' in gate) === true;
}
