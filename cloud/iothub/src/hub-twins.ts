import type { Twin } from 'azure-iothub';
import type { HubAccess } from './hub-call.ts';
import type { HubTwin, TwinChange, TwinName } from './hub.ts';

/** Names a twin in messages. */
export function twinText({ deviceId, moduleId }: TwinName): string {
  return moduleId === undefined ? `"${deviceId}"` : `"${deviceId}/${moduleId}"`;
}

export async function readTwin({ call }: HubAccess, name: TwinName): Promise<HubTwin> {
  const { deviceId, moduleId } = name;
  const { responseBody } = await call(`read the twin of ${twinText(name)}`, (hub) =>
    moduleId === undefined ? hub.getTwin(deviceId) : hub.getModuleTwin(deviceId, moduleId),
  );
  return twinOf(responseBody);
}

export async function updateTwin(
  { call }: HubAccess,
  name: TwinName,
  { change, etag }: { readonly change: TwinChange; readonly etag: string },
): Promise<HubTwin> {
  const { deviceId, moduleId } = name;
  const patch = {
    ...(change.tags === undefined ? {} : { tags: change.tags }),
    ...(change.desired === undefined ? {} : { properties: { desired: change.desired } }),
  };
  const { responseBody } = await call(`change the twin of ${twinText(name)}`, (hub) =>
    moduleId === undefined
      ? hub.updateTwin(deviceId, patch, etag)
      : hub.updateModuleTwin(deviceId, moduleId, patch, etag),
  );
  return twinOf(responseBody);
}

interface TwinJson {
  readonly deviceId: string;
  readonly moduleId?: string;
  readonly etag: string;
  readonly tags?: Readonly<Record<string, unknown>>;
  readonly properties: {
    readonly desired: Readonly<Record<string, unknown>>;
    readonly reported: Readonly<Record<string, unknown>>;
  };
}

function twinOf(twin: Twin | TwinJson): HubTwin {
  const { deviceId, moduleId, etag, tags, properties } = twin;
  return {
    deviceId,
    ...(moduleId === undefined ? {} : { moduleId }),
    etag,
    desired: properties.desired,
    reported: properties.reported,
    tags: tags ?? {},
  };
}
