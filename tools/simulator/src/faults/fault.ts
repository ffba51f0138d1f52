import type { IdentityName } from '../hub/identity.ts';

/** Faults that last until they are cleared, their time is over or they have struck `count` times. */
export const lastingFaults = ['drop-puback', 'delay-puback', 'slow-link', 'throttle', 'clock-skew'] as const;
/** Faults that happen once, when they are asked for. */
export const suddenFaults = ['cut', 'lose-session', 'restart'] as const;

export type FaultKind = (typeof lastingFaults)[number] | (typeof suddenFaults)[number];

/** What is to go wrong, and for whom: one device or module, all of a device, or everybody when no name is given. */
export interface FaultRequest extends Partial<IdentityName> {
  readonly kind: FaultKind;
  /** `drop-puback`, `delay-puback`, `throttle`: how often it strikes. */
  readonly count?: number;
  /** How long it lasts, in milliseconds; for `restart`: how long the hub is away, default 1000. */
  readonly durationMs?: number;
  /** `delay-puback`: the delay of each; `slow-link`: the delay of everything, in both directions. Milliseconds. */
  readonly delayMs?: number;
  /** `slow-link`: what goes through in each direction. */
  readonly bytesPerSecond?: number;
  /** `clock-skew`: how far the hub's clock is ahead of the true time, in milliseconds; negative: behind. */
  readonly skewMs?: number;
}

/** A fault that is in force, or happened just now. */
export interface Fault extends FaultRequest {
  /** From 1 in the order in which they were asked for. */
  readonly id: number;
  /** ISO 8601, by the true clock. */
  readonly since: string;
  /** How often it has struck. */
  readonly strikes: number;
}
