/** A row of the layer table: what the sources of one workspace may import. */
export interface Layer {
  /** The folder of the workspace. */
  readonly folder: string;
  /** Folders of the workspaces that it may import, by their names and so by their index.ts. */
  readonly mayImport: readonly string[];
  readonly reason: string;
}

const ENGINE_AND_BELOW = ['contract', 'modules/engine', 'modules/telemetry'] as const;
const CLOUD = ['cloud/models', 'cloud/packager', 'cloud/manifests', 'cloud/iothub'] as const;

/**
 * Who may import whom. A workspace that has no row may import nothing and fails the test: a new one needs a row, with its
 * reason.
 */
export const layers: readonly Layer[] = [
  {
    folder: 'contract',
    mayImport: [],
    reason: 'it says what crosses a wire or a disk; everybody reads it, so it may depend on nobody',
  },
  {
    folder: 'modules/engine',
    mayImport: ['contract'],
    reason: 'scoring must not know where requests come from, or targets would differ in their results',
  },
  {
    folder: 'modules/telemetry',
    mayImport: ['contract'],
    reason: 'it is shared by the hosts and must not draw the engine into a program that only logs',
  },
  {
    folder: 'modules/charts',
    mayImport: [],
    reason: 'it draws figures for whoever has some, and knows of nobody',
  },
  {
    folder: 'modules/collection',
    mayImport: ENGINE_AND_BELOW,
    reason:
      'it watches an engine for any host, and brings a storage client and file formats that logging must not draw in',
  },
  {
    folder: 'modules/drift',
    mayImport: ENGINE_AND_BELOW,
    reason: 'it watches an engine for any host, and reads rows as the SDK does when it describes training data',
  },
  {
    folder: 'modules/client',
    mayImport: ['contract'],
    reason: 'it runs in programs of others, browsers among them, and knows of a service what the wire says',
  },
  {
    folder: 'modules/tune',
    mayImport: ['contract', 'modules/engine', 'modules/telemetry', 'modules/charts'],
    reason: 'it runs engines to measure them and draws what it found; hosts are given it by who puts them together',
  },
  {
    folder: 'modules/edge',
    mayImport: ENGINE_AND_BELOW,
    reason: 'a host feeds the engine and reports; hosts do not know each other, so an image may leave one out',
  },
  {
    folder: 'modules/batch',
    mayImport: ENGINE_AND_BELOW,
    reason: 'a host feeds the engine and reports; hosts do not know each other, so an image may leave one out',
  },
  {
    folder: 'modules/web',
    mayImport: ENGINE_AND_BELOW,
    reason: 'a host feeds the engine and reports; hosts do not know each other, so an image may leave one out',
  },
  {
    folder: 'modules/scorer',
    mayImport: [
      ...ENGINE_AND_BELOW,
      'modules/batch',
      'modules/collection',
      'modules/drift',
      'modules/edge',
      'modules/tune',
      'modules/web',
    ],
    reason: 'it is the composition root of the image: the one place that knows all hosts',
  },
  ...CLOUD.map((folder) => ({
    folder,
    mayImport: ['contract'],
    reason: 'the parts of the cloud side meet on disk and on the wire, never in memory',
  })),
  {
    folder: 'cloud/deployers',
    mayImport: ['contract'],
    reason: 'a target is told what to run; where models and images come from is joined in the workspace',
  },
  {
    folder: 'cloud/workspace',
    mayImport: [
      ...ENGINE_AND_BELOW,
      'modules/batch',
      'modules/drift',
      'modules/collection',
      'modules/edge',
      'modules/web',
      'modules/scorer',
      'modules/charts',
      'modules/tune',
      ...CLOUD,
      'cloud/deployers',
      // its verbs start and stop the simulator, which is a product of its own
      'tools/simulator',
    ],
    reason: 'it is the SDK facade: it joins the parts into verbs, and only the command stands above it',
  },
  {
    folder: 'tools/simulator',
    mayImport: ['contract'],
    reason: 'a simulator that shares code with what it is there to test would share its faults',
  },
  {
    folder: 'tools/cli',
    mayImport: ['contract', 'cloud/workspace'],
    reason: 'the command renders arguments and events; whatever it can do, the SDK can do',
  },
];
