import { fileURLToPath } from 'node:url';

/**
 * How the host of a service is started: the arguments of Node.js. Its program is beside this file as source, or
 * `service-host.mjs` beside the bundle that this file went into.
 *
 * @param here the URL of this module, which in a bundle is the bundle's
 */
export function hostProgram(here: string = import.meta.url): readonly string[] {
  return here.endsWith('.ts')
    ? [
        '--conditions=edgewright-source',
        '--disable-warning=ExperimentalWarning',
        fileURLToPath(new URL('./main.ts', here)),
      ]
    : ['--disable-warning=ExperimentalWarning', fileURLToPath(new URL('./service-host.mjs', here))];
}
