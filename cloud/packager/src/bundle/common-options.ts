import type { BuildOptions } from 'esbuild';

/**
 * How code for an image is bundled: one format for all platforms, readable, and with nothing of this machine in it.
 * Node.js 20 is the newest one that npm has for arm32v7.
 */
export const commonOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  charset: 'utf8',
  legalComments: 'eof',
  sourcemap: 'linked',
  // sources stand in the package or at the user's; the map only says which line it was
  sourcesContent: false,
  metafile: true,
  write: false,
  logLevel: 'silent',
  // resolved inside the image, where only the platform's own binaries are
  external: ['onnxruntime-node', 'onnxruntime-web', 'onnxruntime-web/*'],
  // packages in CommonJS, such as Azure's SDK, call require(), which an ES module lacks
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
} as const satisfies BuildOptions;
