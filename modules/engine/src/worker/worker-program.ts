/**
 * Where the worker's program is: beside this file as source, or `worker.mjs` beside the bundle that this file is in.
 *
 * @param importer the `import.meta.url` of the asking module
 */
export function workerProgram(importer: string): URL {
  return importer.endsWith('.ts') ? new URL('./worker-main.ts', importer) : new URL('./worker.mjs', importer);
}
