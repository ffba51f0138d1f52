import { setTimeout as pause } from 'node:timers/promises';
import { SimulatorError } from './simulator-error.ts';
import type { SimulatedModule, SimulatorClient, WaitForModuleRequest } from './simulator-client.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

/**
 * Waits until a module runs and is connected.
 *
 * @throws SimulatorError `SimulatedTargetTimeout`, or `SimulatedTargetOffline` at once when the agent has given the module up
 */
export async function waitForModule(
  simulator: Pick<SimulatorClient, 'device'>,
  request: WaitForModuleRequest,
): Promise<SimulatedModule> {
  const { deviceId, moduleId, connected = true, timeoutMs = DEFAULT_TIMEOUT_MS, signal } = request;
  const end = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const { modules } = await simulator.device(deviceId);
    const module = modules.find((candidate) => candidate.moduleId === moduleId);
    if (module !== undefined && isReady(module, connected)) return module;
    if (module?.state?.status === 'failed') throw unready('SimulatedTargetOffline', request, module);
    if (performance.now() >= end) throw unready('SimulatedTargetTimeout', request, module);
    await pause(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
}

function isReady(module: SimulatedModule, connected: boolean): boolean {
  // a module of a developer, outside of the agent, shows itself by its connection only
  const runs = module.state === undefined ? module.connectionState === 'Connected' : module.state.status === 'running';
  return runs && (!connected || module.connectionState === 'Connected');
}

function unready(
  code: 'SimulatedTargetOffline' | 'SimulatedTargetTimeout',
  { deviceId, moduleId, timeoutMs = DEFAULT_TIMEOUT_MS }: WaitForModuleRequest,
  module: SimulatedModule | undefined,
): SimulatorError {
  const waited = code === 'SimulatedTargetTimeout' ? ` within ${timeoutMs} ms` : '';
  const state = module?.state;
  const seen =
    module === undefined
      ? 'the device has no such module'
      : `it is ${state?.status ?? 'not run by the edge agent'} and ${module.connectionState.toLowerCase()}`;
  const description = state?.description === undefined || state.description === '' ? '' : ` (${state.description})`;
  return new SimulatorError(
    code,
    `module "${moduleId}" of "${deviceId}" did not come up${waited}: ${seen}${description}`,
    { details: { deviceId, moduleId, module: module ?? null } },
  );
}
