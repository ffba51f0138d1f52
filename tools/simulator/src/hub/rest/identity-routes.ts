import type { Hub } from '../hub.ts';
import { hubFault } from '../hub-fault.ts';
import type { Identity } from '../identity.ts';
import { deviceJson, moduleJson, newDeviceOf, readIdentityBody, updateOf } from './identity-json.ts';
import { matchCondition, requireMatch } from './rest-conditions.ts';
import { parameter } from '../../http/json-route.ts';
import type { JsonReply, JsonRequest } from '../../http/json-route.ts';
import type { RestRoute } from './rest-route.ts';

const DEFAULT_TOP = 1000;

const DEVICE = '/devices/:deviceId';
const MODULE = '/devices/:deviceId/modules/:moduleId';

/** The identity registry: devices and modules, one at a time. */
export function identityRoutes(hub: Hub): RestRoute[] {
  const read = { permissions: ['registryRead'] } as const;
  const write = { permissions: ['registryWrite'] } as const;
  return [
    { ...read, method: 'GET', path: '/devices', handle: (request) => listDevices(hub, request) },
    { ...read, method: 'GET', path: DEVICE, handle: (request) => reply(hub, named(hub, request)) },
    { ...write, method: 'PUT', path: DEVICE, handle: (request) => put(hub, request) },
    { ...write, method: 'DELETE', path: DEVICE, handle: (request) => remove(hub, request) },
    { ...read, method: 'GET', path: '/devices/:deviceId/modules', handle: (request) => listModules(hub, request) },
    { ...read, method: 'GET', path: MODULE, handle: (request) => reply(hub, named(hub, request)) },
    { ...write, method: 'PUT', path: MODULE, handle: (request) => put(hub, request) },
    { ...write, method: 'DELETE', path: MODULE, handle: (request) => remove(hub, request) },
  ];
}

function listDevices(hub: Hub, request: JsonRequest): JsonReply {
  const top = Number(request.query['top'] ?? DEFAULT_TOP);
  if (!Number.isInteger(top) || top < 1 || top > DEFAULT_TOP) {
    throw hubFault('ArgumentInvalid', `top=${request.query['top'] ?? ''} is not a number from 1 to ${DEFAULT_TOP}`);
  }
  return { status: 200, body: hub.devices(top).map((device) => deviceJson(hub, device)) };
}

function listModules(hub: Hub, request: JsonRequest): JsonReply {
  const modules = hub.modulesOf(parameter(request, 'deviceId'));
  return { status: 200, body: modules.map((module) => moduleJson(hub, module)) };
}

/** Without If-Match it creates, with it updates. */
function put(hub: Hub, request: JsonRequest): JsonReply {
  const { deviceId, moduleId } = names(request);
  const body = readIdentityBody(request.body, deviceId, moduleId);
  const condition = matchCondition(request);
  if (condition.kind === 'none') {
    const wanted = newDeviceOf(body, deviceId);
    return reply(hub, moduleId === undefined ? hub.createDevice(wanted) : hub.createModule({ ...wanted, moduleId }));
  }
  const before = named(hub, request);
  requireMatch(condition, before.etag, titleOf(before));
  return reply(hub, hub.updateIdentity(before, updateOf(body)));
}

function remove(hub: Hub, request: JsonRequest): JsonReply {
  const identity = named(hub, request);
  requireMatch(matchCondition(request), identity.etag, titleOf(identity));
  if (identity.moduleId === undefined) hub.removeDevice(identity.deviceId);
  else hub.removeModule(identity.deviceId, identity.moduleId);
  return { status: 204 };
}

function named(hub: Hub, request: JsonRequest): Identity {
  const { deviceId, moduleId } = names(request);
  return hub.requireIdentity(deviceId, moduleId);
}

function names(request: JsonRequest): { deviceId: string; moduleId: string | undefined } {
  return { deviceId: parameter(request, 'deviceId'), moduleId: request.parameters['moduleId'] };
}

function titleOf({ deviceId, moduleId }: Identity): string {
  return moduleId === undefined ? `device "${deviceId}"` : `module "${moduleId}" of device "${deviceId}"`;
}

function reply(hub: Hub, identity: Identity): JsonReply {
  const body = identity.moduleId === undefined ? deviceJson(hub, identity) : moduleJson(hub, identity);
  return { status: 200, body, etag: identity.etag };
}
