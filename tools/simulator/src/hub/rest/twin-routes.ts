import type { Hub } from '../hub.ts';
import type { TwinUpdate } from '../twin-store.ts';
import type { Twin } from '../twin.ts';
import { matchCondition, requireMatch } from './rest-conditions.ts';
import { parameter } from '../../http/json-route.ts';
import type { JsonReply, JsonRequest } from '../../http/json-route.ts';
import type { RestRoute } from './rest-route.ts';
import { readTwinBody, twinJson } from './twin-json.ts';

/** Twins of devices and modules. */
export function twinRoutes(hub: Hub): RestRoute[] {
  return ['/twins/:deviceId', '/twins/:deviceId/modules/:moduleId'].flatMap((path): RestRoute[] => {
    const common = { path, permissions: ['serviceConnect'] } as const;
    return [
      { ...common, method: 'GET', handle: (request) => reply(hub, named(hub, request)) },
      {
        ...common,
        method: 'PATCH',
        handle: (request) => write(hub, request, (twin, update) => hub.patchTwin(twin, update)),
      },
      {
        ...common,
        method: 'PUT',
        handle: (request) => write(hub, request, (twin, update) => hub.replaceTwin(twin, update)),
      },
    ];
  });
}

function write(hub: Hub, request: JsonRequest, change: (before: Twin, update: TwinUpdate) => Twin): JsonReply {
  const before = named(hub, request);
  const { deviceId, moduleId } = before;
  const title = moduleId === undefined ? `"${deviceId}"` : `"${moduleId}" on device "${deviceId}"`;
  requireMatch(matchCondition(request), before.etag, `the twin of ${title}`);
  return reply(hub, change(before, readTwinBody(request.body)));
}

function named(hub: Hub, request: JsonRequest): Twin {
  return hub.twin(parameter(request, 'deviceId'), request.parameters['moduleId']);
}

function reply(hub: Hub, twin: Twin): JsonReply {
  return { status: 200, body: twinJson(hub, twin), etag: twin.etag };
}
