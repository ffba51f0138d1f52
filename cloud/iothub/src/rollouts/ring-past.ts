import type { Hub } from '../hub.ts';
import { countersOf } from './check-gates.ts';
import { touchedModules } from './ring-deployment.ts';
import type { DevicePast, RolloutDevice, RolloutRecord } from './rollout-record.ts';

interface ModuleRow {
  readonly deviceId: string;
  readonly properties: { readonly desired: Readonly<Record<string, unknown>> };
}

/**
 * Reads what the devices of a ring have before it begins: the twins that the change will write, so that they can be restored,
 * and the counters from which gates count.
 */
export async function readPast(
  hub: Hub,
  record: Pick<RolloutRecord, 'file' | 'content'>,
  devices: readonly Pick<RolloutDevice, 'deviceId'>[],
): Promise<ReadonlyMap<string, DevicePast>> {
  const { module, gates = [] } = record.file;
  const touched = new Set(touchedModules(record));
  const past = new Map(devices.map(({ deviceId }) => [deviceId, nothingYet()]));
  for (const moduleId of new Set([...touched, module])) {
    const query = `SELECT * FROM devices.modules WHERE moduleId = '${moduleId}'`;
    for await (const twin of hub.query<ModuleRow & Readonly<Record<string, unknown>>>(query)) {
      const entry = past.get(twin.deviceId);
      if (entry === undefined) continue;
      if (touched.has(moduleId)) entry.desired[moduleId] = withoutMarks(twin.properties.desired);
      if (moduleId === module) entry.counters = countersOf(gates, twin);
    }
  }
  return past;
}

function nothingYet(): { desired: Record<string, unknown>; counters: DevicePast['counters'] } {
  return { desired: {}, counters: {} };
}

function withoutMarks(desired: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(desired).filter(([name]) => !name.startsWith('$')));
}
