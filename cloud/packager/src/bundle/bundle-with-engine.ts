import { build } from 'esbuild';
import type { BuildOptions, OutputFile, Plugin } from 'esbuild';

/** What engine and collector start or load at run time and look for beside their bundle, by the names it has there. */
const engineParts = {
  worker: 'modules/engine/src/worker/worker-main.ts',
  'open-remote-session': 'modules/engine/src/backends/fpga/open-remote-session.ts',
  collector: 'modules/collection/src/worker/collector-main.ts',
} as const;

/** The part for remote models is loaded when there is one, and has a bundle of its own. */
const remoteSessionsApart: Plugin = {
  name: 'remote-sessions-apart',
  setup(bundler) {
    bundler.onResolve({ filter: /\/open-remote-session\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './open-remote-session.mjs', external: true } : undefined,
    );
  },
};

/** What esbuild made: all files of all bundles. */
export interface EngineBundles {
  /** Relative to the working directory. */
  readonly paths: readonly string[];
  /** Empty when esbuild wrote them itself. */
  readonly files: readonly OutputFile[];
}

/**
 * Bundles programs, and beside them the parts that they run: `worker.mjs` and `open-remote-session.mjs` of the engine, and
 * `collector.mjs`. Each part is bundled by itself. In one build esbuild would move what two entry points can reach into chunks that both load, used or not, and every
 * worker would load the schema library for the sake of remote models.
 *
 * @param options of esbuild, with the programs as `entryPoints`, all output in one flat folder
 */
export async function bundleWithEngine(options: BuildOptions): Promise<EngineBundles> {
  const parts = Object.entries(engineParts).map(([out, file]) => [{ in: file, out }]);
  const results = await Promise.all(
    [options.entryPoints ?? [], ...parts].map((entryPoints) =>
      build({
        ...options,
        entryPoints,
        outExtension: { '.js': '.mjs' },
        chunkNames: 'chunk-[hash]',
        splitting: true,
        metafile: true as const,
        plugins: [remoteSessionsApart, ...(options.plugins ?? [])],
      }),
    ),
  );
  return {
    paths: [...new Set(results.flatMap(({ metafile }) => Object.keys(metafile.outputs)))],
    files: results.flatMap(({ outputFiles }) => outputFiles ?? []),
  };
}
