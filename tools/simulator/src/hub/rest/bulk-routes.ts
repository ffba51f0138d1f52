import { checkDocument, messageOf } from '@edgewright/contract';
import Type from 'typebox';
import type { Static } from 'typebox';
import type { Hub } from '../hub.ts';
import { hubFault, hubFaultOf } from '../hub-fault.ts';
import { identityMembers, newDeviceOf, updateOf } from './identity-json.ts';
import { conditionOf, requireMatch } from './rest-conditions.ts';
import type { JsonReply } from '../../http/json-route.ts';
import type { RestRoute } from './rest-route.ts';
import { readTwinBody } from './twin-json.ts';

const MAX_ITEMS = 100;

const BulkItemSchema = Type.Object({
  id: Type.String({ minLength: 1 }),
  moduleId: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  importMode: Type.Optional(Type.String()),
  eTag: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  etag: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  twinETag: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  tags: Type.Optional(Type.Unknown()),
  properties: Type.Optional(Type.Unknown()),
  ...identityMembers,
});

type BulkItem = Static<typeof BulkItemSchema>;
interface Target {
  readonly deviceId: string;
  readonly moduleId?: string;
}

/** Up to 100 devices and modules at once. Each succeeds or fails by itself. */
export function bulkRoutes(hub: Hub): RestRoute[] {
  return [
    {
      method: 'POST',
      path: '/devices',
      permissions: ['registryWrite'],
      handle: (request) => runAll(hub, request.body),
    },
  ];
}

function runAll(hub: Hub, body: unknown): JsonReply {
  const items = checkDocument(Type.Array(BulkItemSchema), body, 'the request body');
  if (items.length === 0 || items.length > MAX_ITEMS) {
    throw hubFault('ArgumentInvalid', `a bulk request has 1 to ${MAX_ITEMS} items, this one ${items.length}`);
  }
  const errors: object[] = [];
  for (const item of items) {
    const target: Target = { deviceId: item.id, ...(item.moduleId && { moduleId: item.moduleId }) };
    try {
      hub.atomically(() => runOne(hub, item, target));
    } catch (error) {
      const { hubError } = hubFaultOf(error);
      errors.push({
        deviceId: item.id,
        moduleId: item.moduleId ?? null,
        errorCode: hubError,
        errorStatus: messageOf(error),
        operation: item.importMode ?? 'create',
      });
    }
  }
  const isSuccessful = errors.length === 0;
  return { status: isSuccessful ? 200 : 400, body: { isSuccessful, errors, warnings: [] } };
}

function runOne(hub: Hub, item: BulkItem, target: Target): void {
  const { deviceId, moduleId } = target;
  const present = hub.identity(deviceId, moduleId);
  const etag = item.eTag ?? item.etag ?? '*';
  const mode = (item.importMode ?? 'create').toLowerCase();
  switch (mode) {
    case 'create':
      create(hub, item, target);
      return;
    case 'createorupdate':
    case 'createorupdateifmatchetag':
      if (present === undefined) create(hub, item, target);
      else update(hub, item, { target, etag: mode === 'createorupdate' ? '*' : etag });
      return;
    case 'update':
    case 'updateifmatchetag':
      update(hub, item, { target, etag: mode === 'update' ? '*' : etag });
      return;
    case 'delete':
    case 'deleteifmatchetag': {
      const identity = hub.requireIdentity(deviceId, moduleId);
      if (mode === 'deleteifmatchetag') requireMatch(conditionOf(etag), identity.etag, `"${item.id}"`);
      if (moduleId === undefined) hub.removeDevice(deviceId);
      else hub.removeModule(deviceId, moduleId);
      return;
    }
    case 'updatetwin':
    case 'updatetwinifmatchetag': {
      const twin = hub.twin(deviceId, moduleId);
      if (mode !== 'updatetwin') requireMatch(conditionOf(item.twinETag ?? '*'), twin.etag, `the twin of "${item.id}"`);
      hub.patchTwin(target, readTwinBody(item));
      return;
    }
    default:
      throw hubFault('ArgumentInvalid', `there is no import mode "${item.importMode ?? ''}"`);
  }
}

function create(hub: Hub, item: BulkItem, { deviceId, moduleId }: Target): void {
  const wanted = newDeviceOf(item, deviceId);
  if (moduleId === undefined) hub.createDevice(wanted);
  else hub.createModule({ ...wanted, moduleId });
  writeTwin(hub, item, moduleId === undefined ? { deviceId } : { deviceId, moduleId });
}

function update(hub: Hub, item: BulkItem, { target, etag }: { target: Target; etag: string }): void {
  const identity = hub.requireIdentity(target.deviceId, target.moduleId);
  requireMatch(conditionOf(etag), identity.etag, `"${item.id}"`);
  hub.updateIdentity(identity, updateOf(item));
  writeTwin(hub, item, target);
}

function writeTwin(hub: Hub, item: BulkItem, target: Target): void {
  const twin = readTwinBody(item);
  if (twin.tags !== undefined || twin.desired !== undefined) hub.patchTwin(target, twin);
}
