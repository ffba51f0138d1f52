import { createHash } from 'node:crypto';
import type { RolloutFile } from '@edgewright/contract';
import { compileCondition } from '../plan/target-condition.ts';
import type { PlannedDevice } from '../plan/plan-fleet.ts';

/**
 * Gives each device of a fleet its ring: the first whose condition it fulfils and whose share it falls into. The same device
 * of the same rollout always falls into the same place, whatever else is in the fleet; counts take the first in that order.
 *
 * @returns ring numbers from 0 by device id; devices that no ring takes are missing
 * @throws IotHubError `ConditionInvalid`
 */
export function assignRings(file: RolloutFile, devices: readonly PlannedDevice[]): ReadonlyMap<string, number> {
  const fleet = compileCondition(file.fleet ?? '*');
  const left = new Map(
    devices
      .filter((device) => fleet.matches(device))
      .map((device) => ({ device, place: placeOf(file.name, device.deviceId) }))
      .toSorted((a, b) => a.place - b.place || (a.device.deviceId < b.device.deviceId ? -1 : 1))
      .map((entry) => [entry.device.deviceId, entry]),
  );
  const rings = new Map<string, number>();
  for (const [index, { condition, percent, count }] of file.rings.entries()) {
    const target = compileCondition(condition ?? '*');
    let taken = 0;
    for (const [deviceId, { device, place }] of left) {
      if (count !== undefined && taken >= count) break;
      if (percent !== undefined && place >= percent / 100) break;
      if (!target.matches(device)) continue;
      left.delete(deviceId);
      rings.set(deviceId, index);
      taken += 1;
    }
  }
  return rings;
}

/** A number from 0 to below 1 that depends on nothing but the two names. */
function placeOf(rollout: string, deviceId: string): number {
  const digest = createHash('sha256').update(`${rollout}\n${deviceId}`).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}
