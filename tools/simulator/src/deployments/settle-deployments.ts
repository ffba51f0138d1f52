import { applyModules } from '../hub/apply-content.ts';
import { desiredOf } from '../hub/configuration-content.ts';
import type { DesiredSetting } from '../hub/configuration-content.ts';
import type { Hub } from '../hub/hub.ts';
import type { IdentityName } from '../hub/identity.ts';
import { twinJson } from '../hub/rest/twin-json.ts';
import { differenceBetween } from '../hub/twin-section.ts';
import type { ConfigurationState, JsonObject } from '../hub/twin.ts';
import type { Configuration } from './configuration.ts';
import { parseDeploymentContent } from './deployment-content.ts';
import type { DeploymentContent } from './deployment-content.ts';
import { parseTargetCondition } from './target-condition.ts';
import type { TargetCondition } from './target-condition.ts';

/** A deployment that has been read, so that many twins can be held against it. */
export interface ReadyDeployment {
  readonly id: string;
  readonly priority: number;
  readonly createdTime: string;
  readonly target: TargetCondition;
  readonly content: DeploymentContent;
}

export function readyDeployment(configuration: Configuration): ReadyDeployment {
  const { id, priority, createdTime, targetCondition, content } = configuration;
  const target = parseTargetCondition(targetCondition);
  return { id, priority, createdTime, target, content: parseDeploymentContent(content) };
}

/** Gives a device what the deployments say together. Does nothing when that is what they said the last time. */
export function settleDevice(hub: Hub, deviceId: string, deployments: readonly ReadyDeployment[]): void {
  const { edge } = hub.requireIdentity(deviceId);
  const twin = hub.twin(deviceId);
  const document = twinJson(hub, twin);
  const targeting = deployments
    .filter(({ content }) => content.kind === 'device' || (edge && content.kind !== 'module'))
    .filter(({ target }) => target.collection === 'devices' && target.matches(document))
    .toSorted(byStrength);
  const forModules = withLayers(targeting);
  const forDevice = targeting.filter(({ content }) => content.kind === 'device');
  const states = statesOf(targeting, [...forModules, ...forDevice]);
  const mark = `${markOf(forModules)} ${markOf(forDevice)}`;
  if (twin.deploymentMark === mark && isSame(twin.configurations, states)) return;
  const [modulesBefore = '', deviceBefore = ''] = twin.deploymentMark?.split(' ') ?? [];
  hub.atomically(() => {
    hub.setDeployments({ deviceId }, states, mark);
    if (edge) hub.setDeployments({ deviceId, moduleId: '$edgeAgent' }, states, mark);
    if (forModules.length > 0 && markOf(forModules) !== modulesBefore) {
      applyModules(hub, deviceId, modulesOf(forModules));
    }
    if (markOf(forDevice) !== deviceBefore) {
      setDesired(
        hub,
        { deviceId },
        forDevice.map(({ content }) => content.device),
      );
    }
  });
}

/** As `settleDevice`, for a module and the deployments that are about modules. */
export function settleModule(
  hub: Hub,
  name: { readonly deviceId: string; readonly moduleId: string },
  deployments: readonly ReadyDeployment[],
): void {
  // the agent's twin carries the marks of its device, and is not configured by any other way
  if (name.moduleId === '$edgeAgent') return;
  const twin = hub.twin(name.deviceId, name.moduleId);
  const document = twinJson(hub, twin);
  const targeting = deployments
    .filter(({ content }) => content.kind === 'module')
    .filter(({ target }) => target.collection === 'devices.modules' && target.matches(document))
    .toSorted(byStrength);
  const mark = markOf(targeting);
  if ((twin.deploymentMark ?? '') === mark) return;
  hub.atomically(() => {
    hub.setDeployments(name, statesOf(targeting, targeting), mark);
    setDesired(
      hub,
      name,
      targeting.map(({ content }) => content.module),
    );
  });
}

/** Weakest first: by priority, and the newer one counts where that is the same. */
function byStrength(a: ReadyDeployment, b: ReadyDeployment): number {
  if (a.priority !== b.priority) return a.priority - b.priority;
  if (a.createdTime !== b.createdTime) return a.createdTime < b.createdTime ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

/** The strongest base and the layers of higher priority, in the order in which they are laid; nothing without a base. */
function withLayers(targeting: readonly ReadyDeployment[]): ReadyDeployment[] {
  const base = targeting.findLast(({ content }) => content.kind === 'base');
  if (base === undefined) return [];
  const layers = targeting.filter(({ content, priority }) => content.kind === 'layer' && priority > base.priority);
  return [base, ...layers];
}

/** The desired properties of each module that deployments, weakest first, give together. */
function modulesOf(deployments: readonly ReadyDeployment[]): Map<string, JsonObject> {
  const modules = new Map<string, JsonObject>();
  for (const { content } of deployments) {
    for (const [name, settings] of content.modules) modules.set(name, desiredOf(settings, modules.get(name)));
  }
  return modules;
}

/** Lays settings over desired properties, in their order; the rest of the properties stays. */
function setDesired(hub: Hub, name: IdentityName, layers: readonly (readonly DesiredSetting[])[]): void {
  const { properties } = hub.twin(name.deviceId, name.moduleId).desired;
  const desired = layers.reduce((below, settings) => desiredOf(settings, below), properties);
  if (Object.keys(differenceBetween(properties, desired)).length > 0) hub.replaceTwin(name, { desired });
}

/** Tells one set of deployments from another: their content never changes, so names and times of creation do. */
function markOf(deployments: readonly ReadyDeployment[]): string {
  return deployments.map(({ id, createdTime }) => `${id}@${createdTime}`).join('|');
}

function statesOf(
  targeting: readonly ReadyDeployment[],
  applied: readonly ReadyDeployment[],
): Record<string, ConfigurationState> {
  return Object.fromEntries(
    targeting.map((deployment) => [deployment.id, { status: applied.includes(deployment) ? 'Applied' : 'Targeted' }]),
  );
}

function isSame(before: object | undefined, after: object): boolean {
  return JSON.stringify(before ?? {}) === JSON.stringify(after);
}
