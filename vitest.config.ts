import { defineConfig } from 'vitest/config';

// Two projects: `unit` is what `npm run check` runs, many times a day, so its files take a second at most; `flow` has what
// starts servers, workers and processes, and what tries thousands of inputs.
// Workspaces are imported by name, as programs do, and resolve to their sources.
const shared = {
  testTimeout: 30_000,
  hookTimeout: 60_000,
  // what is waited for comes sooner or later: a busy machine must not fail a test
  expect: { poll: { timeout: 15_000 } },
  sequence: { shuffle: { files: true, tests: false } },
};

export default defineConfig({
  resolve: { conditions: ['edgewright-source'] },
  ssr: { resolve: { conditions: ['edgewright-source', 'node', 'import', 'module', 'default'] } },
  test: {
    pool: 'forks',
    // flow tests mostly wait: for processes, for sockets, for the disk
    maxWorkers: 2,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          ...shared,
          name: 'unit',
          // the files of one worker share their modules: three quarters of the time went into loading them again
          isolate: false,
          include: [
            '{contract,modules,cloud,tools,examples,bench,.ci}/**/*.test.ts',
            'test/{architecture,support}/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', '**/dist/**', '**/*.flow.test.ts', '**/*.property.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          ...shared,
          name: 'flow',
          // as above: loading the modules again for each file took two thirds of the processor time
          isolate: false,
          unstubEnvs: true,
          include: [
            'test/flow/**/*.test.ts',
            '{contract,modules,cloud,tools,examples,bench}/**/*.{flow,property}.test.ts',
          ],
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 120_000,
        },
      },
    ],
  },
});
