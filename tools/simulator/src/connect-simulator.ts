import { ControlClient } from './control/control-client.ts';
import type { SimulatorClient } from './simulator-client.ts';

/**
 * Finds the simulator that runs with a state folder, in this process or another.
 *
 * @throws SimulatorError `SimulatorNotRunning`
 */
export async function connectSimulator(stateDirectory: string): Promise<SimulatorClient> {
  return await ControlClient.connect(stateDirectory);
}
