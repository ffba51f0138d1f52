import { checkDocument, RolloutFileSchema } from '@edgewright/contract';
import type { RolloutFile } from '@edgewright/contract';
import type { DeploymentContent } from '../hub-deployments.ts';
import type { Hub } from '../hub.ts';
import { IotHubError } from '../iothub-error.ts';
import { configurationOf } from '../plan/plan-fleet.ts';
import type { PlannedDevice } from '../plan/plan-fleet.ts';
import { compileCondition } from '../plan/target-condition.ts';
import { assignRings } from './assign-rings.ts';
import { countersOf } from './check-gates.ts';
import { touchedModules } from './ring-deployment.ts';
import type { RolloutDevice, RolloutRecord, RolloutStore } from './rollout-store.ts';

export interface StartRolloutInput {
  readonly file: RolloutFile;
  /** The layer, as a deployment takes it. */
  readonly content: DeploymentContent;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A rollout that has been checked against the fleet, and not been begun. */
export interface PreparedRollout {
  readonly record: RolloutRecord;
  readonly devices: readonly RolloutDevice[];
}

/**
 * Checks a rollout against the fleet as it is, and gives each device its ring. Nothing is changed: this is all that `--dry-run`
 * does.
 *
 * @throws ContractError `InvalidDocument` · IotHubError `ConditionInvalid`, `RolloutRefused` when a ring has no device, or a
 *   device has no base deployment below the rollout's priority
 */
export async function prepareRollout(hub: Hub, { file, content, now }: StartRolloutInput): Promise<PreparedRollout> {
  checkDocument(RolloutFileSchema, file, 'the rollout file');
  checkConditions(file);
  const devices: PlannedDevice[] = [];
  const query = 'SELECT * FROM devices WHERE capabilities.iotEdge = true';
  for await (const device of hub.query<PlannedDevice>(query)) devices.push(device);
  const rings = assignRings(file, devices);
  checkRings(file, rings);
  const deployments = await hub.deployments.list();
  const below = deployments.filter(({ priority }) => priority < file.priority);
  const bare = devices.filter((device) => rings.has(device.deviceId) && configurationOf(device, below) === undefined);
  if (bare.length > 0) {
    throw refuse(
      file,
      `${bare.length} devices, such as "${bare[0]?.deviceId ?? ''}", have no base deployment below priority ${file.priority}, over which a layer could be laid`,
    );
  }
  const record: RolloutRecord = {
    name: file.name,
    file,
    content,
    state: 'running',
    wish: 'run',
    ring: 0,
    phase: 'pending',
    phaseSince: now,
    approved: 0,
    reason: '',
    createdTime: now,
  };
  return { record, devices: await devicesWithPast(hub, record, rings) };
}

/** Keeps a prepared rollout; a controller can then drive it. @throws IotHubError `RolloutExists` */
export function keepRollout(store: RolloutStore, { record, devices }: PreparedRollout): void {
  store.create(record, devices);
  const rings = record.file.rings.map(
    ({ name }, index) => `${name}: ${devices.filter(({ ring }) => ring === index).length}`,
  );
  store.audit(record.name, { time: record.createdTime, act: 'started', details: rings.join(', ') });
}

/** What is in the fleet before: twins that the change writes, and counters that gates compare. */
async function devicesWithPast(
  hub: Hub,
  record: RolloutRecord,
  rings: ReadonlyMap<string, number>,
): Promise<RolloutDevice[]> {
  const { module, gates = [] } = record.file;
  const touched = touchedModules(record);
  const past = new Map([...rings.keys()].map((deviceId) => [deviceId, { ...nothing(), counters: {} }]));
  for (const moduleId of new Set([...touched, module])) {
    const query = `SELECT * FROM devices.modules WHERE moduleId = '${moduleId}'`;
    interface Row {
      readonly deviceId: string;
      readonly properties: { readonly desired: Readonly<Record<string, unknown>> };
    }
    for await (const twin of hub.query<Row & Readonly<Record<string, unknown>>>(query)) {
      const entry = past.get(twin.deviceId);
      if (entry === undefined) continue;
      const desired = Object.entries(twin.properties.desired).filter(([name]) => !name.startsWith('$'));
      if (touched.includes(moduleId)) entry.desired[moduleId] = Object.fromEntries(desired);
      if (moduleId === module) entry.counters = countersOf(gates, twin);
    }
  }
  return [...rings].map(([deviceId, ring]) => ({
    deviceId,
    ring,
    before: past.get(deviceId) ?? { desired: {}, counters: {} },
  }));
}

function nothing(): { desired: Record<string, unknown> } {
  return { desired: {} };
}

function checkConditions({ ready, gates = [] }: RolloutFile): void {
  if (ready !== undefined) compileCondition(ready);
  for (const gate of gates) if ('share' in gate) compileCondition(gate.share);
}

function checkRings(file: RolloutFile, rings: ReadonlyMap<string, number>): void {
  const names = file.rings.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw refuse(file, `two rings are called "${twice}"`);
  const taken = new Set(rings.values());
  const empty = names.find((_, index) => !taken.has(index));
  if (empty !== undefined) throw refuse(file, `the ring "${empty}" has no device`);
}

function refuse({ name }: RolloutFile, reason: string): IotHubError {
  return new IotHubError('RolloutRefused', `cannot start the rollout "${name}": ${reason}`, {
    details: { rollout: name },
  });
}
