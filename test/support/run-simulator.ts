import { startSimulator } from '@edgewright/simulator';

// Runs a simulator whose modules are containers, to be killed by a test: run-simulator.ts STATE LAYOUT DOCKER_SOCKET

const [stateDirectory = '', layout = '', socketPath = ''] = process.argv.slice(2);
const simulator = await startSimulator({
  stateDirectory,
  imageLayouts: [layout],
  containers: { socketPath },
  nodePath: process.execPath,
});
await simulator.ended;
