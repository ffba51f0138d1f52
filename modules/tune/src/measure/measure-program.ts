/**
 * Where the program of a candidate is: beside this file as source, or `measure.mjs` beside the bundle that this file went into.
 *
 * @param here the URL of this module, which in a bundle is the bundle's
 */
export function measureProgram(here: string = import.meta.url): URL {
  return here.endsWith('.ts') ? new URL('./measure-main.ts', here) : new URL('./measure.mjs', here);
}
