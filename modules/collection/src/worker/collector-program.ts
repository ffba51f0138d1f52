/**
 * Where the program of the collector's thread is: beside this file as source, or `collector.mjs` beside the bundle that this file went
 * into.
 *
 * @param here the URL of this module, which in a bundle is the bundle's
 */
export function collectorProgram(here: string = import.meta.url): URL {
  return here.endsWith('.ts') ? new URL('./collector-main.ts', here) : new URL('./collector.mjs', here);
}
