import type { IdentityName } from './identity.ts';

/** How long a method call waits, in milliseconds. */
export interface MethodTimeouts {
  /** For the target to connect and to listen for methods. */
  readonly connectTimeoutMs: number;
  /** For its answer, once it got the call. */
  readonly responseTimeoutMs: number;
}

export interface MethodResult {
  readonly status: number;
  /** JSON value; undefined when the target answered without a body. */
  readonly payload: unknown;
}

/**
 * Carries a call to the device or module. The hub itself ends the wait after `responseTimeoutMs`.
 *
 * @param payload JSON value, null when the caller gave none
 */
export type MethodHandler = (name: string, payload: unknown, timeouts: MethodTimeouts) => Promise<MethodResult>;

export interface MethodCall extends IdentityName, Partial<MethodTimeouts> {
  readonly methodName: string;
  readonly payload?: unknown;
  readonly signal?: AbortSignal;
}
