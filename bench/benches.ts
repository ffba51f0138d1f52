import type { Bench } from './harness.ts';

/** Every bench by name, in the order in which `npm run bench` without a name runs them. */
export const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  engine: async () => (await import('./engine.ts')).engineBench(),
  batch: async () => (await import('./batch.ts')).batchBench(),
  demo: async () => (await import('./demo.ts')).demoBench(),
  edge: async () => (await import('./edge.ts')).edgeBench(),
  collection: async () => (await import('./collection.ts')).collectionBench(),
  fleet: async () => (await import('./fleet.ts')).fleetBench(),
  packager: async () => (await import('./packager.ts')).packagerBench(),
  web: async () => (await import('./web.ts')).webBench(),
  tune: async () => (await import('./tune.ts')).tuneBench(),
  simulator: async () => (await import('./simulator.ts')).simulatorBench(),
};
