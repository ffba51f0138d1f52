import { startSimulator } from '@edgewright/simulator';

// The simulator in a process of its own, until SIGTERM: serve-simulator.ts STATE
const ending = new AbortController();
process.on('SIGTERM', () => ending.abort());
const simulator = await startSimulator({
  stateDirectory: process.argv[2] ?? '',
  nodePath: process.execPath,
  signal: ending.signal,
});
process.send?.('ready');
await simulator.ended;
process.disconnect?.();
