import type * as GrpcModule from '@grpc/grpc-js';
import { serviceDescriptors, serviceNames } from './service-descriptors.ts';

/** gRPC's library, loaded. */
export type Grpc = (typeof GrpcModule)['default'];

/** gRPC and the services of this host. */
export interface GrpcRuntime {
  readonly grpc: Grpc;
  readonly services: Readonly<Record<keyof typeof serviceNames, GrpcModule.ServiceDefinition>>;
}

/** Loads gRPC, in plain JavaScript: only a host that is to listen for it pays for that. */
export async function loadGrpc(): Promise<GrpcRuntime> {
  const loaded = await Promise.all([import('@grpc/grpc-js'), import('@grpc/proto-loader')]);
  // packages in CommonJS: from a bundle they come as a default alone
  const [grpc, protoLoader] = [loaded[0].default, loaded[1].default];
  // what fails is thrown or answered; nothing else may write to the standard streams
  grpc.setLogVerbosity(grpc.logVerbosity.NONE);
  const definition = protoLoader.fromJSON(serviceDescriptors as Parameters<typeof protoLoader.fromJSON>[0], {
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const service = (name: string) => definition[name] as GrpcModule.ServiceDefinition;
  return { grpc, services: { inference: service(serviceNames.inference), health: service(serviceNames.health) } };
}
