import { configurationChange } from './configuration-change.ts';
import type { ConfigurationChange, ImageLayers } from './configuration-change.ts';
import { byStrength, effectiveConfiguration, readDeployment } from './effective-configuration.ts';
import type { EffectiveConfiguration, PlannedDeployment, ReadDeployment } from './effective-configuration.ts';
import { compileCondition } from './target-condition.ts';
import type { TargetCondition } from './target-condition.ts';

/** An edge device by its twin, as the service API and queries give it: `deviceId`, `tags`, `properties` … */
export type PlannedDevice = Readonly<Record<string, unknown>> & { readonly deviceId: string };

export interface FleetPlanInput {
  readonly devices: Iterable<PlannedDevice>;
  readonly before: readonly PlannedDeployment[];
  readonly after: readonly PlannedDeployment[];
  /** Layers of images, for the bytes to pull; default: nothing is known. */
  readonly layersOf?: ImageLayers;
}

/** Devices that have the same now, and will have the same. */
export interface PlanGroup {
  readonly deviceIds: readonly string[];
  readonly before: EffectiveConfiguration | undefined;
  readonly after: EffectiveConfiguration | undefined;
  readonly change: ConfigurationChange;
}

/** What a change of deployments will do to a fleet. */
export interface FleetPlan {
  /** Groups whose configuration changes, the largest first. */
  readonly changing: readonly PlanGroup[];
  /** Devices for which nothing changes. */
  readonly unchanged: number;
}

/**
 * Works out what every device has and will have. Time and memory grow with the number of devices; what devices of the same
 * deployments get is worked out once.
 *
 * @throws IotHubError `ConditionInvalid`, `ContentInvalid`
 */
export function planFleet({ devices, before, after, layersOf = () => undefined }: FleetPlanInput): FleetPlan {
  const evaluate = deploymentMatcher(before, after);
  const groups = new Map<string, { deviceIds: string[]; sides: Sides }>();
  for (const device of devices) {
    const { key, sides } = evaluate(device);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { deviceIds: [device.deviceId], sides });
    else group.deviceIds.push(device.deviceId);
  }
  const changing: PlanGroup[] = [];
  let unchanged = 0;
  for (const { deviceIds, sides } of groups.values()) {
    const [old, next] = [effectiveConfiguration(sides.before), effectiveConfiguration(sides.after)];
    // without a base, devices keep what they have
    const change = configurationChange(old, next ?? old, layersOf);
    if (isNothing(change)) unchanged += deviceIds.length;
    else changing.push({ deviceIds, before: old, after: next, change });
  }
  return { changing: changing.toSorted((a, b) => b.deviceIds.length - a.deviceIds.length), unchanged };
}

/** The configuration that deployments give one device; undefined without a base. */
export function configurationOf(
  device: PlannedDevice,
  deployments: readonly PlannedDeployment[],
): EffectiveConfiguration | undefined {
  return effectiveConfiguration(deploymentMatcher(deployments, [])(device).sides.before);
}

interface Sides {
  readonly before: readonly ReadDeployment[];
  readonly after: readonly ReadDeployment[];
}

interface Target {
  readonly condition: TargetCondition;
  /** The same deployment on both sides, or on one. */
  readonly before: ReadDeployment | undefined;
  readonly after: ReadDeployment | undefined;
}

function deploymentMatcher(
  before: readonly PlannedDeployment[],
  after: readonly PlannedDeployment[],
): (device: PlannedDevice) => { key: string; sides: Sides } {
  const targets = targetsOf(before, after);
  const known = new Map<string, Sides>();
  return (device) => {
    let key = '';
    const conditions = new Map<TargetCondition, boolean>();
    for (const { condition } of targets) {
      let matches = conditions.get(condition);
      if (matches === undefined) conditions.set(condition, (matches = condition.matches(device)));
      key += matches ? '1' : '0';
    }
    let sides = known.get(key);
    if (sides === undefined) {
      const hit = targets.filter((_, index) => key[index] === '1');
      const side = (name: 'before' | 'after') => hit.flatMap((target) => target[name] ?? []).toSorted(byStrength);
      sides = { before: side('before'), after: side('after') };
      known.set(key, sides);
    }
    return { key, sides };
  };
}

function targetsOf(before: readonly PlannedDeployment[], after: readonly PlannedDeployment[]): Target[] {
  const conditions = new Map<string, TargetCondition>();
  const compiled = (text: string): TargetCondition => {
    const condition = conditions.get(text) ?? compileCondition(text);
    conditions.set(text, condition);
    return condition;
  };
  const both = new Set(before.filter((deployment) => after.includes(deployment)));
  const oneSided = (deployments: readonly PlannedDeployment[], side: 'before' | 'after') =>
    deployments
      .filter((deployment) => side === 'before' || !both.has(deployment))
      .flatMap((deployment): Target[] => {
        const read = readDeployment(deployment);
        if (read === undefined) return [];
        const condition = compiled(deployment.targetCondition);
        const shared = both.has(deployment);
        return [
          {
            condition,
            before: side === 'before' ? read : undefined,
            after: side === 'after' || shared ? read : undefined,
          },
        ];
      });
  return [...oneSided(before, 'before'), ...oneSided(after, 'after')];
}

function isNothing({ modules, routes }: ConfigurationChange): boolean {
  return modules.every(({ effect }) => effect === 'same') && routes.every(({ effect }) => effect === 'same');
}
