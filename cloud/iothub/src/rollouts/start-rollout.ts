import { checkRolloutFile } from '@edgewright/contract';
import type { RolloutFile } from '@edgewright/contract';
import type { DeploymentContent } from '../hub-deployments.ts';
import type { Hub } from '../hub.ts';
import { IotHubError } from '../iothub-error.ts';
import { configurationOf } from '../plan/plan-fleet.ts';
import type { PlannedDevice } from '../plan/plan-fleet.ts';
import { compileCondition } from '../plan/target-condition.ts';
import { assignRings } from './assign-rings.ts';
import type { RolloutDevice, RolloutRecord } from './rollout-record.ts';
import type { RolloutStore } from './rollout-store.ts';

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
  checkRolloutFile(file, 'the rollout file');
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
  // what they had before is read when their ring begins
  const before = { desired: {}, counters: {} };
  return { record, devices: [...rings].map(([deviceId, ring]) => ({ deviceId, ring, before })) };
}

/** Keeps a prepared rollout; a controller can then drive it. @throws IotHubError `RolloutExists` */
export async function keepRollout(store: RolloutStore, { record, devices }: PreparedRollout): Promise<void> {
  const rings = record.file.rings.map(
    ({ name }, index) => `${name}: ${devices.filter(({ ring }) => ring === index).length}`,
  );
  await store.create(record, devices, { time: record.createdTime, act: 'started', details: rings.join(', ') });
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
