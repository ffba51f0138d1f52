/**
 * Where the worker's program is: beside this file as source, or `worker.mjs` beside the bundle that this file went into.
 *
 * @param here the URL of this module, which in a bundle is the bundle's
 */
export function workerProgram(here: string = import.meta.url): URL {
  return here.endsWith('.ts') ? new URL('./worker-main.ts', here) : new URL('./worker.mjs', here);
}
