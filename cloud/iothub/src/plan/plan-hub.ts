import type { HubDeployment } from '../hub-deployments.ts';
import type { Hub } from '../hub.ts';
import type { ImageLayers } from './configuration-change.ts';
import type { EffectiveConfiguration, PlannedDeployment } from './effective-configuration.ts';
import { effectiveConfiguration, readDeployment } from './effective-configuration.ts';
import { planFleet } from './plan-fleet.ts';
import type { FleetPlan, PlannedDevice } from './plan-fleet.ts';

/** A change of the deployments of a hub that has not been made. */
export interface PlannedChange {
  /** Deployments to be made; one whose id is there already stands in its place. */
  readonly create?: readonly (Omit<PlannedDeployment, 'createdTime'> & { readonly createdTime?: string })[];
  /** Ids of deployments to be deleted. */
  readonly remove?: readonly string[];
}

/** After all others: what is not made yet is the newest. */
const NOT_YET = '9999-12-31T23:59:59.999Z';

/** Says what a change would do to the fleet of a hub. Nothing is changed. */
export async function planChange(
  hub: Hub,
  { create = [], remove = [] }: PlannedChange,
  layersOf?: ImageLayers,
): Promise<FleetPlan> {
  const before: readonly HubDeployment[] = await hub.deployments.list();
  const replaced = new Set([...remove, ...create.map(({ id }) => id)]);
  const after: PlannedDeployment[] = [
    ...before.filter(({ id }) => !replaced.has(id)),
    ...create.map((deployment) => ({ createdTime: NOT_YET, ...deployment })),
  ];
  const devices: PlannedDevice[] = [];
  const query = 'SELECT * FROM devices WHERE capabilities.iotEdge = true';
  for await (const device of hub.query<PlannedDevice>(query)) devices.push(device);
  return planFleet({ devices, before, after, ...(layersOf === undefined ? {} : { layersOf }) });
}

/** The configuration that a manifest or layer alone gives; a layer stands over nothing then. */
export function configurationOfContent(
  id: string,
  content: PlannedDeployment['content'],
): EffectiveConfiguration | undefined {
  const deployment = { id, priority: 1, createdTime: '', targetCondition: '*', content };
  const read = readDeployment(deployment);
  if (read === undefined) return undefined;
  const ground = { ...read, isBase: true };
  return effectiveConfiguration([ground]);
}

/** The configuration that the twins of a device hold now, wherever it came from. */
export async function configurationOfDevice(hub: Hub, deviceId: string): Promise<EffectiveConfiguration> {
  const desired = new Map<string, Readonly<Record<string, unknown>>>();
  const escaped = deviceId.replaceAll("'", "\\'");
  const query = `SELECT moduleId, properties.desired AS desired FROM devices.modules WHERE deviceId = '${escaped}'`;
  interface Row {
    readonly moduleId: string;
    readonly desired?: Readonly<Record<string, unknown>>;
  }
  for await (const { moduleId, desired: properties = {} } of hub.query<Row>(query)) {
    desired.set(moduleId, Object.fromEntries(Object.entries(properties).filter(([name]) => !name.startsWith('$'))));
  }
  return { deployments: [deviceId], desired, origins: new Map() };
}
