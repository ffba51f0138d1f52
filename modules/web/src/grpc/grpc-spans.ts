import { boundedJson, VALUE_LIMIT } from '@edgewright/telemetry';
import type { TraceSpan, Tracing } from '@edgewright/telemetry';
import type { GrpcCall } from './grpc-call.ts';
import { grpcFailure } from './grpc-failure.ts';
import type { Grpc } from './grpc-runtime.ts';

/** Makes a span of one inference, within the trace that its metadata names. A failure of ours is an exception, one of the caller a status. */
export async function traceInfer<Result>(
  { grpc, tracing }: { readonly grpc: Grpc; readonly tracing: Tracing | undefined },
  { method, requestId, parent }: GrpcCall,
  work: (span: TraceSpan | undefined) => Promise<Result>,
): Promise<Result> {
  if (tracing === undefined) return work(undefined);
  const name = method.replace(/^\//, '');
  const attributes = { 'rpc.system': 'grpc', 'rpc.method': name, 'http.request.header.x-request-id': requestId };
  const span = tracing.begin(name, { kind: 'server', parent, attributes });
  try {
    const result = await work(span);
    span.set({ 'rpc.grpc.status_code': grpc.status.OK, success: true });
    span.end();
    return result;
  } catch (error) {
    const { code, errorCode } = grpcFailure(grpc, error, requestId);
    span.set({ 'rpc.grpc.status_code': code, 'error.type': errorCode, success: false });
    span.end(code === grpc.status.INTERNAL ? error : undefined);
    throw error;
  }
}

/** @returns undefined when nobody wants it */
export function dataText(span: TraceSpan | undefined, data: unknown): string | undefined {
  return span?.wantsData === true ? boundedJson(data, VALUE_LIMIT) : undefined;
}
