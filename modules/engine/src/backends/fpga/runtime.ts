import type * as GrpcModule from '@grpc/grpc-js';
import type * as ProtoLoaderModule from '@grpc/proto-loader';
import { messageOf } from '@edgewright/contract';
import type { Availability } from '../backend.ts';

type Grpc = typeof GrpcModule;
type ProtoLoader = typeof ProtoLoaderModule;

// Names in variables are left alone by bundlers: images without a remote model do not carry these packages.
const GRPC: string = '@grpc/grpc-js';
const PROTO_LOADER: string = '@grpc/proto-loader';

/** What calls go through. */
export interface GrpcRuntime {
  readonly grpc: Grpc;
  readonly protoLoader: ProtoLoader;
}

/** Loads gRPC, in plain JavaScript. */
export async function loadRuntime(): Promise<GrpcRuntime> {
  return { grpc: (await import(GRPC)) as Grpc, protoLoader: (await import(PROTO_LOADER)) as ProtoLoader };
}

/** Whether gRPC loads here. Whether an accelerator answers is found out by calls: one may be starting. */
export async function probeRuntime(): Promise<Availability> {
  try {
    await loadRuntime();
    return { available: true, reason: 'gRPC loads; the accelerator is asked when a request comes' };
  } catch (error) {
    return { available: false, reason: `gRPC does not load: ${messageOf(error).split('\n')[0]}` };
  }
}
