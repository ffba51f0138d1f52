import { defineConfig } from 'vitest/config';

// Two projects: `unit` is what `npm run check` runs (no process, no server outside the test's own), `flow` is the rest.
// Workspaces are imported by name, as programs do, and resolve to their sources.
const shared = {
  testTimeout: 30_000,
  hookTimeout: 60_000,
  sequence: { shuffle: { files: true, tests: false } },
};

export default defineConfig({
  resolve: { conditions: ['edgewright-source'] },
  ssr: { resolve: { conditions: ['edgewright-source', 'node', 'import', 'module', 'default'] } },
  test: {
    pool: 'forks',
    execArgv: ['--disable-warning=ExperimentalWarning'],
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          ...shared,
          name: 'unit',
          include: ['{contract,modules,cloud,tools,examples,bench,.ci}/**/*.test.ts', 'test/{architecture,support}/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**', '**/*.flow.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          ...shared,
          name: 'flow',
          include: ['test/{flow,conformance,property}/**/*.test.ts', '{modules,cloud,tools}/**/*.flow.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 120_000,
        },
      },
    ],
  },
});
