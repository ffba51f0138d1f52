import type { IdentityName } from './identity.ts';

/** An object as JSON has it. */
export type JsonObject = { readonly [key: string]: unknown };

/** The desired or the reported half of a twin. */
export interface TwinSection {
  /** Without `$version` and `$metadata`. */
  readonly properties: JsonObject;
  /** Grows by one with every update, from 1. */
  readonly version: number;
  /** `$metadata` as IoT Hub gives it: `$lastUpdated` (and, for desired, `$lastUpdatedVersion`) at every level. */
  readonly metadata: JsonObject;
}

/** A device or module twin. Never changed in place. */
export interface Twin extends IdentityName {
  /** Changes with tags and desired properties, not with reported ones. */
  readonly etag: string;
  /** Changes with everything. */
  readonly version: number;
  readonly tags: JsonObject;
  readonly desired: TwinSection;
  readonly reported: TwinSection;
  /** The deployments that target it, by their ids. */
  readonly configurations?: Readonly<Record<string, ConfigurationState>>;
  /** Tells which of them it got its desired properties from; not shown to anybody. */
  readonly deploymentMark?: string;
}

/** `Targeted` by a deployment; `Applied` when that is in effect. */
export interface ConfigurationState {
  readonly status: 'Targeted' | 'Applied';
}

/**
 * Told of every change of desired properties.
 *
 * @param patch what changed, null for what was removed, without `$version`
 * @param full the desired properties afterwards, with their version
 */
export type DesiredListener = (patch: JsonObject, full: TwinSection) => void;
