import type { TraceSpan } from './tracing.ts';

/** Makes a call of what a request does at an accelerator elsewhere; a model that runs here is no call. */
export async function acceleratorCall<Result>(
  span: TraceSpan | undefined,
  backend: string,
  work: () => Promise<Result>,
): Promise<Result> {
  if (span === undefined || backend !== 'fpga') return work();
  const call = span.child('accelerator', 'client', { 'rpc.system': 'grpc' });
  try {
    const result = await work();
    call.end();
    return result;
  } catch (error) {
    call.end(error);
    throw error;
  }
}
