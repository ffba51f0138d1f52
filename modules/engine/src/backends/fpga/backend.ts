import type { Backend } from '../backend.ts';
import { openRemoteSession } from './open-remote-session.ts';
import { loadRuntime, probeRuntime } from './runtime.ts';

/** Models on a remote accelerator, such as an FPGA, over gRPC: `NAME.remote.json` says where and how. */
export const fpgaBackend: Backend = {
  name: 'fpga',
  formats: ['remote'],
  native: false,
  probe: probeRuntime,
  load: async (model) => openRemoteSession(await loadRuntime(), model),
};
