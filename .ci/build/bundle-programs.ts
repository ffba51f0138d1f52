import path from 'node:path';
import { bundleWithEngine } from '@edgewright/packager';

/** The programs of the published package, by the names of their bundles. */
const entryPoints = {
  cli: 'tools/cli/src/main.ts',
  index: 'cloud/workspace/src/index.ts',
  engine: 'modules/engine/src/index.ts',
  client: 'modules/client/src/index.ts',
  measure: 'modules/tune/src/measure/measure-main.ts',
  'service-host': 'cloud/deployers/src/local/main.ts',
} as const;

/**
 * Bundles the programs and the engine's parts into one flat folder with shared chunks. Flat matters: a chunk finds `worker.mjs`, `service-host.mjs` and `scorer/`
 * beside itself. Dependencies stay outside, npm installs them; workspaces go in, npm has never heard of them.
 *
 * @returns the paths of the files written, relative to `root`
 */
export async function bundlePrograms(root: string, outDirectory: string): Promise<string[]> {
  const { paths } = await bundleWithEngine({
    absWorkingDir: root,
    entryPoints: Object.entries(entryPoints).map(([out, file]) => ({ in: path.join(root, file), out })),
    outdir: outDirectory,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [
      {
        name: 'dependencies-stay-outside',
        setup(bundler) {
          bundler.onResolve({ filter: /^[^./]/ }, ({ path: specifier, kind }) =>
            kind === 'entry-point' || specifier.startsWith('@edgewright/') ? undefined : { external: true },
          );
        },
      },
    ],
  });
  return [...paths];
}
