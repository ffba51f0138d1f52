import { checkDocument } from '@edgewright/contract';
import Type from 'typebox';
import type { Hub } from '../hub.ts';
import type { TwinUpdate } from '../twin-store.ts';
import type { JsonObject, Twin, TwinSection } from '../twin.ts';

const NEVER = '0001-01-01T00:00:00Z';

const Members = Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]);

const TwinBodySchema = Type.Object({
  tags: Type.Optional(Members),
  properties: Type.Optional(Type.Union([Type.Object({ desired: Type.Optional(Members) }), Type.Null()])),
});

/** Reads the body of a PATCH or PUT of a twin. What only the hub writes (`$version`, `$metadata`, reported) is ignored. */
export function readTwinBody(body: unknown): TwinUpdate {
  const read = checkDocument(TwinBodySchema, body, 'the request body');
  const desired = read.properties?.desired;
  return {
    ...(read.tags && { tags: withoutMarks(read.tags) }),
    ...(desired && { desired: withoutMarks(desired) }),
  };
}

/** A twin as the service API and queries show it. */
export function twinJson(hub: Hub, twin: Twin): JsonObject {
  const identity = hub.requireIdentity(twin.deviceId, twin.moduleId);
  const connection = hub.connection(twin.deviceId, twin.moduleId);
  return {
    deviceId: twin.deviceId,
    ...(twin.moduleId !== undefined && { moduleId: twin.moduleId }),
    etag: twin.etag,
    deviceEtag: identity.etag,
    status: identity.status,
    ...(identity.statusReason !== undefined && { statusReason: identity.statusReason }),
    statusUpdateTime: identity.statusUpdatedTime ?? NEVER,
    connectionState: connection.state,
    lastActivityTime: connection.lastActivityTime ?? NEVER,
    cloudToDeviceMessageCount: twin.moduleId === undefined ? hub.cloudMessages.count(twin.deviceId) : 0,
    authenticationType: identity.authentication,
    x509Thumbprint: {
      primaryThumbprint: identity.primaryThumbprint ?? null,
      secondaryThumbprint: identity.secondaryThumbprint ?? null,
    },
    modelId: '',
    version: twin.version,
    tags: twin.tags,
    properties: { desired: sectionJson(twin.desired), reported: sectionJson(twin.reported) },
    ...(twin.configurations !== undefined && { configurations: twin.configurations }),
    ...(twin.moduleId === undefined && {
      capabilities: { iotEdge: identity.edge },
      ...(identity.deviceScope !== undefined && { deviceScope: identity.deviceScope }),
    }),
  };
}

function sectionJson(section: TwinSection): JsonObject {
  return { ...section.properties, $metadata: section.metadata, $version: section.version };
}

function withoutMarks(members: Record<string, unknown>): JsonObject {
  const { $version: _version, $metadata: _metadata, ...rest } = members;
  return rest;
}
