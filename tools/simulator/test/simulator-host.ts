import { startSimulator } from '../src/simulator.ts';

// A process with a simulator, for tests that kill it: it says where it is reached, on one line.
const simulator = await startSimulator({ stateDirectory: process.argv[2] ?? '' });
process.stdout.write(`${JSON.stringify(simulator.info)}\n`);
