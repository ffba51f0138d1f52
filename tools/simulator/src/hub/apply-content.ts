import { hubFault } from './hub-fault.ts';
import type { Hub } from './hub.ts';
import { desiredOf, moduleNames } from './configuration-content.ts';
import type { ParsedContent } from './configuration-content.ts';
import type { JsonObject } from './twin.ts';

/** IoT Hub's limit for one deployment. */
const MAX_MODULES = 50;
const AGENT = '$edgeAgent';
const EDGE_HUB = '$edgeHub';
const MANAGED_BY = 'IotEdge';

/**
 * Makes content the configuration of one device, as IoT Hub does for a single-device deployment: desired properties are
 * replaced, module identities are made for the modules that the edge agent is to run, and removed for those that an earlier
 * deployment made and this one does not have. All or nothing.
 *
 * @throws SimulatorError `SimulatedDeviceNotFound`, `SimulatorRequestInvalid`
 */
export function applyContent(hub: Hub, deviceId: string, content: ParsedContent): void {
  const device = hub.requireIdentity(deviceId);
  if (content.device.length > 0) {
    hub.replaceTwin({ deviceId }, { desired: desiredOf(content.device) });
    return;
  }
  if (content.module.length > 0) {
    throw hubFault('ArgumentInvalid', `cannot apply moduleContent to the device "${deviceId}": it is for modules`, {
      deviceId,
    });
  }
  if (!device.edge) {
    throw hubFault(
      'ArgumentInvalid',
      `cannot apply modulesContent to "${deviceId}": it is not an edge device (create it with capabilities.iotEdge)`,
      { deviceId },
    );
  }
  const desired = new Map([...content.modules].map(([name, settings]) => [name, desiredOf(settings)]));
  applyModules(hub, deviceId, desired);
}

/** As `applyContent`, for desired properties that are put together already. */
export function applyModules(hub: Hub, deviceId: string, desired: ReadonlyMap<string, JsonObject>): void {
  const agent = desired.get(AGENT);
  if (agent === undefined || !desired.has(EDGE_HUB)) {
    const missing = agent === undefined ? AGENT : EDGE_HUB;
    throw hubFault('ArgumentInvalid', `modulesContent has no "${missing}", which every edge device runs`, { deviceId });
  }
  const wanted = new Set([...moduleNames(agent), ...desired.keys()]);
  for (const name of [AGENT, EDGE_HUB]) wanted.delete(name);
  if (wanted.size > MAX_MODULES) {
    throw hubFault('ArgumentInvalid', `a deployment has at most ${MAX_MODULES} modules, this one ${wanted.size}`, {
      deviceId,
      limit: MAX_MODULES,
    });
  }
  hub.atomically(() => {
    settleIdentities(hub, deviceId, wanted);
    // the agent comes last: when it looks, everything that its modules need is there
    const order = [...[...desired.keys()].filter((name) => name !== EDGE_HUB && name !== AGENT), EDGE_HUB, AGENT];
    for (const moduleId of order) {
      const properties = desired.get(moduleId);
      if (properties !== undefined) hub.replaceTwin({ deviceId, moduleId }, { desired: properties });
    }
  });
}

function settleIdentities(hub: Hub, deviceId: string, wanted: ReadonlySet<string>): void {
  const present = new Map(hub.modulesOf(deviceId).map((module) => [module.moduleId ?? '', module]));
  for (const [moduleId, module] of present) {
    if (module.managedBy === MANAGED_BY && !wanted.has(moduleId)) hub.removeModule(deviceId, moduleId);
  }
  for (const moduleId of wanted) {
    const module = present.get(moduleId);
    if (module === undefined) hub.createModule({ deviceId, moduleId, managedBy: MANAGED_BY });
    else if (module.managedBy !== MANAGED_BY) hub.updateIdentity(module, { managedBy: MANAGED_BY });
  }
}
