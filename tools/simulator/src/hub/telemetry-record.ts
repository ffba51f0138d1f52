import type { IdentityName } from './identity.ts';

/** A device-to-cloud message as it reaches the hub. */
export interface TelemetryMessage extends IdentityName {
  readonly body: Buffer;
  /** Application properties. */
  readonly properties: Readonly<Record<string, string>>;
  /** By edgeHub's internal names: `messageId`, `cid`, `userId`, `contentType`, `contentEncoding`, `outputName`, … */
  readonly systemProperties: Readonly<Record<string, string>>;
}

/** A message that the hub has taken; it outlives the process from then on. */
export interface TelemetryRecord extends TelemetryMessage {
  /** From 1, without gaps, in the order of arrival. */
  readonly sequenceNumber: number;
  /** ISO 8601 in UTC with milliseconds. */
  readonly enqueuedTime: string;
}

/** Which messages a reader wants. Everything that is given must hold. */
export interface TelemetryFilter {
  readonly deviceId?: string;
  readonly moduleId?: string;
  readonly outputName?: string;
  /** Application properties that must be there with exactly this value. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Values in a JSON body, by their paths (`a.b[0]`): text as it is, everything else by its JSON. */
  readonly body?: Readonly<Record<string, string>>;
  /** Start after this message; without it, with what arrives from now on. 0 reads everything that is kept. */
  readonly afterSequenceNumber?: number;
}
