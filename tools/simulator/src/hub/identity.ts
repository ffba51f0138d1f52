/** How a device or module proves who it is. */
export type AuthenticationType = 'sas' | 'selfSigned' | 'certificateAuthority' | 'none';

export type ConnectionState = 'Connected' | 'Disconnected';

/** The name of a device, or of a module of a device. Ids are case-sensitive, as in IoT Hub. */
export interface IdentityName {
  readonly deviceId: string;
  readonly moduleId?: string;
}

/** A device or module as the hub's registry knows it. Never changed in place: every update makes a new one. */
export interface Identity extends IdentityName {
  /** Made anew whenever an identity is created, so that a deleted and recreated one can be told apart. */
  readonly generationId: string;
  /** Changes with every update of the identity (not of its twin). */
  readonly etag: string;
  readonly authentication: AuthenticationType;
  /** Base64. Empty unless `authentication` is `sas`. */
  readonly primaryKey: string;
  readonly secondaryKey: string;
  /** SHA-1 or SHA-256 of the client certificate in hexadecimal; only when `authentication` is `selfSigned`. */
  readonly primaryThumbprint?: string;
  readonly secondaryThumbprint?: string;
  /** True for an edge device; modules never are. */
  readonly edge: boolean;
  /** `IotEdge` for modules that a deployment made. */
  readonly managedBy?: string;
  readonly status: 'enabled' | 'disabled';
  readonly statusReason?: string;
  /** ISO 8601, as are all times here. */
  readonly statusUpdatedTime?: string;
  /** The edge device that a device belongs to, as `ms-azure-iot-edge://<deviceId>-<generationId>`. */
  readonly deviceScope?: string;
  readonly parentScopes?: readonly string[];
}

/** What may be said about a device that is to be made; the hub makes up the rest. */
export interface NewDevice {
  readonly deviceId: string;
  readonly authentication?: AuthenticationType;
  readonly primaryKey?: string;
  readonly secondaryKey?: string;
  readonly primaryThumbprint?: string;
  readonly secondaryThumbprint?: string;
  readonly edge?: boolean;
  readonly managedBy?: string;
  readonly status?: 'enabled' | 'disabled';
  readonly statusReason?: string;
  readonly deviceScope?: string;
  readonly parentScopes?: readonly string[];
}

export interface NewModule extends NewDevice {
  readonly moduleId: string;
}

/** Said to listeners after the registry changed. */
export interface IdentityChange extends IdentityName {
  readonly kind: 'created' | 'updated' | 'removed';
}

/** Whether and since when a device or module is connected. */
export interface Connection {
  readonly state: ConnectionState;
  /** When the state changed last; absent when it never was connected. */
  readonly stateUpdatedTime?: string;
  readonly lastActivityTime?: string;
}

/** `device` or `device/module`. */
export function identityText(name: IdentityName): string {
  return name.moduleId === undefined ? name.deviceId : `${name.deviceId}/${name.moduleId}`;
}
