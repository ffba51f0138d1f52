import type { Metadata } from '@grpc/grpc-js';
import type { TraceCarrier } from '@edgewright/telemetry';
import { requestIdOf } from '../request-ids.ts';

/** What a handler needs to know of the call that it serves. */
export interface GrpcCall {
  /** The path: `/inference.GRPCInferenceService/ModelInfer`. */
  readonly method: string;
  readonly requestId: string;
  /** The metadata of that name. */
  readonly authorization: string | undefined;
  /** Where the caller stands in a trace. */
  readonly parent: TraceCarrier;
  /** Fires when the caller gives up. */
  readonly signal: AbortSignal;
  /** Milliseconds until the deadline, the caller's or ours; undefined: the engine's own. */
  readonly timeoutMs: number | undefined;
}

/** What every kind of call of grpc-js offers. */
interface Callable {
  readonly metadata: Metadata;
  getPath(): string;
  getDeadline(): Date | number;
  on(event: 'cancelled', listener: () => void): unknown;
}

/**
 * @param mostMs the service's own deadline
 * @throws WebError `HeaderTooLong` for a request id of more than 100 characters
 */
export function openCall(call: Callable, mostMs: number | undefined): GrpcCall {
  const text = (name: string): string | undefined => call.metadata.get(name)[0]?.toString();
  const given = new AbortController();
  call.on('cancelled', () => given.abort());
  const left = Number(call.getDeadline()) - Date.now();
  const timeoutMs = Math.min(left, mostMs ?? Number.POSITIVE_INFINITY);
  return {
    method: call.getPath(),
    requestId: requestIdOf({ 'x-request-id': text('x-request-id') }),
    authorization: text('authorization'),
    parent: { traceparent: text('traceparent'), tracestate: text('tracestate') },
    signal: given.signal,
    timeoutMs: Number.isFinite(timeoutMs) ? Math.max(1, Math.floor(timeoutMs)) : undefined,
  };
}
