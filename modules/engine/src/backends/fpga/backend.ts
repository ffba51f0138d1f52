import type { Backend } from '../backend.ts';
import { loadRuntime, probeRuntime } from './runtime.ts';

/** Models on a remote accelerator, such as an FPGA, over gRPC: `NAME.remote.json` says where and how. */
export const fpgaBackend: Backend = {
  name: 'fpga',
  formats: ['remote'],
  packages: ['@grpc/grpc-js', '@grpc/proto-loader'],
  native: false,
  probe: probeRuntime,
  load: async (model) => {
    // reading its description takes the whole schema library, which no other worker should pay for
    const { openRemoteSession } = await import('./open-remote-session.ts');
    return openRemoteSession(await loadRuntime(), model);
  },
};
