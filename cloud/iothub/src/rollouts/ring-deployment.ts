import { forEachBounded } from '../for-each-bounded.ts';
import type { Hub } from '../hub.ts';
import { IotHubError } from '../iothub-error.ts';
import type { RolloutDevice, RolloutRecord } from './rollout-record.ts';

/** The deployment of a ring. */
export function ringDeploymentId(name: string, ring: number): string {
  return `${name}-ring${ring + 1}`;
}

/** Tags are twin members: a dash in a name would be read as a minus in conditions. */
function tagOf(name: string): string {
  return name.replaceAll('-', '_');
}

/** Marks the devices of a ring and gives them the change. May be done again from anywhere. */
export async function deployRing(hub: Hub, record: RolloutRecord, devices: readonly RolloutDevice[]): Promise<void> {
  const ring = record.file.rings[record.ring]?.name ?? '';
  await forEachBounded(devices, async ({ deviceId }) => {
    await hub.updateTwin({ deviceId }, { tags: { edgewright: { [tagOf(record.name)]: ring } } }, '*');
  });
  const id = ringDeploymentId(record.name, record.ring);
  const existing = (await hub.deployments.list()).find((deployment) => deployment.id === id);
  if (existing !== undefined) {
    if (existing.labels['rollout'] === record.name) return;
    throw new IotHubError(
      'HubConflict',
      `cannot make the deployment "${id}": there is one that this rollout did not make`,
      {
        details: { id },
      },
    );
  }
  await hub.deployments.create({
    id,
    content: record.content,
    priority: record.file.priority,
    targetCondition: `tags.edgewright.${tagOf(record.name)} = '${ring}'`,
    labels: { rollout: record.name, ring },
  });
}

/** Takes the change from the devices of a ring and leaves nothing behind. May be done again from anywhere. */
export async function withdrawRing(
  hub: Hub,
  record: RolloutRecord,
  { ring, devices }: { readonly ring: number; readonly devices: readonly RolloutDevice[] },
): Promise<void> {
  const id = ringDeploymentId(record.name, ring);
  const own = (await hub.deployments.list()).find((deployment) => deployment.id === id);
  if (own?.labels['rollout'] === record.name) await hub.deployments.remove(id);
  const wanted = new Map(devices.map((device) => [device.deviceId, device.before.desired]));
  for (const module of touchedModules(record)) await restoreTwins(hub, module, wanted);
  await untag(hub, record.name, new Set(wanted.keys()));
}

/** The modules whose twins the change writes. */
export function touchedModules({ content }: Pick<RolloutRecord, 'content'>): string[] {
  return Object.keys(content['modulesContent'] ?? {}).filter((name) => !name.startsWith('$'));
}

interface DesiredRow {
  readonly deviceId: string;
  readonly desired?: Readonly<Record<string, unknown>>;
}

/** Deployments give what they say and take nothing away, so what the change added to twins is taken out here. */
async function restoreTwins(
  hub: Hub,
  moduleId: string,
  wanted: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
) {
  const patches: { deviceId: string; desired: Record<string, unknown> }[] = [];
  const query = `SELECT deviceId, properties.desired AS desired FROM devices.modules WHERE moduleId = '${moduleId}'`;
  for await (const { deviceId, desired = {} } of hub.query<DesiredRow>(query)) {
    const before = wanted.get(deviceId)?.[moduleId];
    if (before === undefined) continue;
    const patch = patchBetween(desired, before as Readonly<Record<string, unknown>>);
    if (Object.keys(patch).length > 0) patches.push({ deviceId, desired: patch });
  }
  await forEachBounded(patches, async ({ deviceId, desired }) => {
    await hub.updateTwin({ deviceId, moduleId }, { desired }, '*');
  });
}

/** What turns one object into another as a twin is patched: null takes a member out. */
export function patchBetween(
  now: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(now), ...Object.keys(wanted)])) {
    if (name.startsWith('$')) continue;
    const [one, other] = [now[name], wanted[name]];
    if (!Object.hasOwn(wanted, name)) patch[name] = null;
    else if (isObject(one) && isObject(other)) {
      const inner = patchBetween(one, other);
      if (Object.keys(inner).length > 0) patch[name] = inner;
    } else if (JSON.stringify(one) !== JSON.stringify(other)) patch[name] = other;
  }
  return patch;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function untag(hub: Hub, name: string, devices: ReadonlySet<string>): Promise<void> {
  const tagged: { deviceId: string; alone: boolean }[] = [];
  const query = `SELECT deviceId, tags FROM devices WHERE IS_DEFINED(tags.edgewright.${tagOf(name)})`;
  for await (const { deviceId, tags } of hub.query<{ deviceId: string; tags: { edgewright: object } }>(query)) {
    if (devices.has(deviceId)) tagged.push({ deviceId, alone: Object.keys(tags.edgewright).length === 1 });
  }
  await forEachBounded(tagged, async ({ deviceId, alone }) => {
    await hub.updateTwin({ deviceId }, { tags: { edgewright: alone ? null : { [tagOf(name)]: null } } }, '*');
  });
}
