import type { SimulatorClient } from './simulator-client.ts';
import { SimulatorError } from './simulator-error.ts';

/**
 * Finds the simulator that runs with a state folder, in this process or another.
 *
 * @throws SimulatorError `SimulatorNotRunning`
 */
export async function connectSimulator(stateDirectory: string): Promise<SimulatorClient> {
  throw new SimulatorError('SimulatorNotRunning', `no simulator runs with the state folder ${stateDirectory}`, {
    details: { stateDirectory },
  });
}
