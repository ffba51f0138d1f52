import { checkDocument } from '@edgewright/contract';
import Type from 'typebox';
import type { Static } from 'typebox';
import type { Hub } from '../hub.ts';
import { hubFault } from '../hub-fault.ts';
import type { Identity, NewDevice } from '../identity.ts';
import type { IdentityUpdate } from '../registry.ts';

const NEVER = '0001-01-01T00:00:00Z';

const Text = Type.Union([Type.String(), Type.Null()]);

const AuthenticationSchema = Type.Object({
  type: Type.Optional(Type.Union([Type.Enum(['sas', 'selfSigned', 'certificateAuthority', 'none']), Type.Null()])),
  symmetricKey: Type.Optional(
    Type.Union([Type.Object({ primaryKey: Type.Optional(Text), secondaryKey: Type.Optional(Text) }), Type.Null()]),
  ),
  x509Thumbprint: Type.Optional(
    Type.Union([
      Type.Object({ primaryThumbprint: Type.Optional(Text), secondaryThumbprint: Type.Optional(Text) }),
      Type.Null(),
    ]),
  ),
});

/** What can be said about an identity in a request; further members, such as those of a reply sent back, are ignored. */
export const identityMembers = {
  status: Type.Optional(Type.Union([Type.Enum(['enabled', 'disabled']), Type.Null()])),
  statusReason: Type.Optional(Text),
  authentication: Type.Optional(Type.Union([AuthenticationSchema, Type.Null()])),
  capabilities: Type.Optional(
    Type.Union([Type.Object({ iotEdge: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])) }), Type.Null()]),
  ),
  deviceScope: Type.Optional(Text),
  parentScopes: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
  managedBy: Type.Optional(Text),
};

const IdentityBodySchema = Type.Object({
  deviceId: Type.Optional(Text),
  moduleId: Type.Optional(Text),
  ...identityMembers,
});

export type IdentityBody = Omit<Static<typeof IdentityBodySchema>, 'deviceId' | 'moduleId'>;

/** Reads the body of a PUT, whose names must be those of the path. */
export function readIdentityBody(body: unknown, deviceId: string, moduleId?: string): IdentityBody {
  const read = checkDocument(IdentityBodySchema, body, 'the request body');
  const names = { deviceId: read.deviceId ?? deviceId, moduleId: read.moduleId ?? moduleId };
  if (names.deviceId !== deviceId || names.moduleId !== moduleId) {
    throw hubFault(
      'ArgumentInvalid',
      `the request body is about ${JSON.stringify(names)}, the path about ${JSON.stringify({ deviceId, moduleId })}`,
    );
  }
  return read;
}

/** What a body asks for, for a device or module that is there already. */
export function updateOf(body: IdentityBody): IdentityUpdate {
  return {
    ...(body.status && { status: body.status }),
    ...(body.statusReason && { statusReason: body.statusReason }),
    ...(body.authentication && credentialsOf(body.authentication)),
    ...(typeof body.capabilities?.iotEdge === 'boolean' && { edge: body.capabilities.iotEdge }),
    ...(body.deviceScope && { deviceScope: body.deviceScope }),
    ...(body.parentScopes && { parentScopes: body.parentScopes }),
    ...(body.managedBy && { managedBy: body.managedBy }),
  };
}

/** What a body asks for, for a device that is to be made; a module is one with its name. */
export function newDeviceOf(body: IdentityBody, deviceId: string): NewDevice {
  return { ...updateOf(body), deviceId };
}

function credentialsOf(authentication: Static<typeof AuthenticationSchema>): IdentityUpdate {
  const { symmetricKey, x509Thumbprint } = authentication;
  const type = authentication.type ?? (x509Thumbprint?.primaryThumbprint ? 'selfSigned' : 'sas');
  if (type === 'selfSigned' && !x509Thumbprint?.primaryThumbprint && !x509Thumbprint?.secondaryThumbprint) {
    throw hubFault('ArgumentInvalid', 'authentication of type selfSigned needs a thumbprint in x509Thumbprint');
  }
  return {
    authentication: type,
    // keys that are not given are made by the hub, also for an identity that has some
    primaryKey: symmetricKey?.primaryKey ?? '',
    secondaryKey: symmetricKey?.secondaryKey ?? '',
    ...(x509Thumbprint?.primaryThumbprint && { primaryThumbprint: x509Thumbprint.primaryThumbprint }),
    ...(x509Thumbprint?.secondaryThumbprint && { secondaryThumbprint: x509Thumbprint.secondaryThumbprint }),
  };
}

/** A device as the service API shows it. */
export function deviceJson(hub: Hub, identity: Identity): object {
  return {
    deviceId: identity.deviceId,
    ...commonJson(hub, identity),
    status: identity.status,
    statusReason: identity.statusReason ?? null,
    statusUpdatedTime: identity.statusUpdatedTime ?? NEVER,
    capabilities: { iotEdge: identity.edge },
    ...(identity.deviceScope !== undefined && { deviceScope: identity.deviceScope }),
    ...(identity.parentScopes !== undefined && { parentScopes: identity.parentScopes }),
  };
}

/** A module as the service API shows it. */
export function moduleJson(hub: Hub, identity: Identity): object {
  return {
    moduleId: identity.moduleId,
    managedBy: identity.managedBy ?? null,
    deviceId: identity.deviceId,
    ...commonJson(hub, identity),
  };
}

function commonJson(hub: Hub, identity: Identity): object {
  const connection = hub.connection(identity.deviceId, identity.moduleId);
  return {
    generationId: identity.generationId,
    etag: identity.etag,
    connectionState: connection.state,
    connectionStateUpdatedTime: connection.stateUpdatedTime ?? NEVER,
    lastActivityTime: connection.lastActivityTime ?? NEVER,
    cloudToDeviceMessageCount: identity.moduleId === undefined ? hub.cloudMessages.count(identity.deviceId) : 0,
    authentication: {
      symmetricKey: {
        primaryKey: identity.primaryKey || null,
        secondaryKey: identity.secondaryKey || null,
      },
      x509Thumbprint: {
        primaryThumbprint: identity.primaryThumbprint ?? null,
        secondaryThumbprint: identity.secondaryThumbprint ?? null,
      },
      type: identity.authentication,
    },
  };
}
