import type { MethodResult } from '../hub/direct-method.ts';
import type { Identity } from '../hub/identity.ts';
import type { EdgeMessage } from './edge-message.ts';
import type { InputOutcome } from './input-acknowledgement.ts';
import type { SubscriptionKind } from './mqtt-topics.ts';

export interface MethodRequest {
  readonly methodName: string;
  /** JSON value. */
  readonly payload: unknown;
  readonly responseTimeoutMs: number;
}

/** A connected module or leaf device. */
export interface Client {
  /** `device` or `device/module`. */
  readonly name: string;
  readonly identity: Identity;
  isSubscribedTo(kind: SubscriptionKind): boolean;
  /**
   * Sends a routed message to an input and waits for the acknowledgement; one at a time, across all inputs.
   *
   * @returns `unmatched` when no subscription of the client takes it
   */
  sendInput(message: EdgeMessage, input: string, signal: AbortSignal): Promise<InputOutcome | 'unmatched'>;
  /** Sends a message and waits for its acknowledgement; `unmatched` when no subscription takes its topic. */
  deliver(topic: string, payload: Buffer, signal: AbortSignal): Promise<InputOutcome | 'unmatched'>;
  /** Sends what needs no acknowledgement, if a subscription takes it. */
  send(topic: string, payload: Buffer): void;
  /** @throws SimulatorError `SimulatedTargetTimeout` */
  callMethod(request: MethodRequest): Promise<MethodResult>;
  /** Ends the connection because the same client has made a new one. */
  giveWay(): void;
  /** Ends the connection. */
  disconnect(reason: string): void;
  /** Breaks the connection off, as a cable that is pulled: what is under way is lost. */
  cut(reason: string): void;
  /** Ends the connection if its token has expired; for a clock that jumped. */
  checkToken(): void;
}
