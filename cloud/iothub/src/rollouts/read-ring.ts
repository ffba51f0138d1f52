import type { Hub } from '../hub.ts';
import { compileCondition } from '../plan/target-condition.ts';
import type { ModuleTwin, RingReports } from './check-gates.ts';
import { ringDeploymentId } from './ring-deployment.ts';
import type { RingCounts, RolloutDevice, RolloutRecord } from './rollout-record.ts';

/** What the devices of a ring report. */
export interface RingView extends RingReports {
  /** Devices of the ring. */
  readonly total: number;
  readonly counts: RingCounts;
}

interface AgentTwin {
  readonly deviceId: string;
  readonly connectionState?: string;
  readonly properties: {
    readonly desired: { readonly $version?: number };
    readonly reported: {
      readonly lastDesiredVersion?: number;
      readonly lastDesiredStatus?: { readonly code?: number };
      readonly modules?: Readonly<Record<string, { readonly runtimeStatus?: string }>>;
    };
  };
}

/** What edgeAgent says of a device that does not have the change; `ready` counts where the file names no condition. */
type AgentVerdict = 'ready' | 'pending' | 'failed' | 'offline';

/** Reads how the ring that a rollout works on fares; `twins` holds the devices that have the change. */
export async function readRing(hub: Hub, record: RolloutRecord, devices: readonly RolloutDevice[]): Promise<RingView> {
  const { module, ready } = record.file;
  const before = new Map(devices.map((device) => [device.deviceId, device.before.counters]));
  const verdicts = await agentVerdicts(hub, module, before);
  const isReady = ready === undefined ? undefined : compileCondition(ready);
  const twins = new Map<string, ModuleTwin>();
  const query = `SELECT * FROM devices.modules WHERE moduleId = '${module}'`;
  for await (const twin of hub.query<ModuleTwin & { readonly deviceId: string }>(query)) {
    const { deviceId } = twin;
    const has = isReady?.matches(twin) ?? verdicts.get(deviceId) === 'ready';
    if (has && before.has(deviceId)) twins.set(deviceId, twin);
  }
  const id = ringDeploymentId(record.name, record.ring);
  const metrics = needsMetrics(record) ? (await hub.deployments.get(id)).results : {};
  return { twins, total: devices.length, before, metrics, counts: countsOf(devices, twins, verdicts) };
}

function countsOf(
  devices: readonly RolloutDevice[],
  twins: ReadonlyMap<string, unknown>,
  verdicts: ReadonlyMap<string, AgentVerdict>,
): RingCounts {
  const counts = { ready: 0, pending: 0, failed: 0, offline: 0 };
  for (const { deviceId } of devices) {
    const verdict = verdicts.get(deviceId) ?? 'offline';
    // edgeAgent has done its part, and the module does not report the change yet
    const lacking = verdict === 'ready' ? 'pending' : verdict;
    counts[twins.has(deviceId) ? 'ready' : lacking] += 1;
  }
  return counts;
}

async function agentVerdicts(
  hub: Hub,
  module: string,
  devices: ReadonlyMap<string, unknown>,
): Promise<ReadonlyMap<string, AgentVerdict>> {
  const verdicts = new Map<string, AgentVerdict>();
  const query = "SELECT * FROM devices.modules WHERE moduleId = '$edgeAgent'";
  for await (const twin of hub.query<AgentTwin>(query)) {
    if (devices.has(twin.deviceId)) verdicts.set(twin.deviceId, verdictOf(twin, module));
  }
  return verdicts;
}

const FAILING = new Set(['backoff', 'failed', 'unhealthy', 'dead']);

function verdictOf({ connectionState, properties: { desired, reported } }: AgentTwin, module: string): AgentVerdict {
  const status = reported.modules?.[module]?.runtimeStatus;
  const code = reported.lastDesiredStatus?.code;
  const isCurrent = reported.lastDesiredVersion === desired.$version;
  if (isCurrent && code === 200 && status === 'running') return 'ready';
  if (isCurrent && ((code !== undefined && code !== 200) || FAILING.has(status ?? ''))) return 'failed';
  return connectionState === 'Disconnected' ? 'offline' : 'pending';
}

function needsMetrics({ file }: RolloutRecord): boolean {
  return file.gates?.some((gate) => 'metric' in gate) === true;
}
