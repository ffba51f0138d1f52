import type { ContainerGroup } from '@azure/arm-containerinstance';

/**
 * What ACI refuses to change of a container group that is there, and that differs in the new one; the group must be deleted first.
 *
 * @returns their names; empty when the group can be changed in place
 */
export function changedFixedProperties(present: ContainerGroup, wanted: ContainerGroup): readonly string[] {
  const [before, after] = [fixedOf(present), fixedOf(wanted)];
  return Object.keys(after).filter((name) => before[name] !== after[name]);
}

function fixedOf({
  location,
  osType,
  restartPolicy,
  containers,
  ipAddress,
  subnetIds,
}: ContainerGroup): Record<string, string> {
  const { cpu, memoryInGB } = containers[0]?.resources.requests ?? {};
  return {
    // Azure writes regions both as `westeurope` and as `West Europe`
    location: (location ?? '').replaceAll(' ', '').toLowerCase(),
    osType,
    restartPolicy: restartPolicy ?? '',
    cpu: String(cpu),
    memoryInGB: String(memoryInGB),
    network: [ipAddress?.type, ...(subnetIds ?? []).map(({ id }) => id.toLowerCase())].join(' '),
  };
}
