import { homedir } from 'node:os';
import path from 'node:path';
import { platformOf } from '@edgewright/contract';
import type { Platform } from '@edgewright/contract';

/** Variables that a program needs to run at all; modules of the simulator get them as a container would have its own. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'];

/** Variables by which programs find a Docker Engine. */
const ENGINE = ['DOCKER_HOST', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH'];

/** What the SDK must know of the process that uses it. */
export interface ThisProcess {
  readonly processId: number;
  /** The Node.js that runs this program, and so can run a scorer. */
  readonly nodePath: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly engineEnvironment: Readonly<Record<string, string>>;
  /** The image platform of this machine; undefined where no image can run. */
  readonly platform: Platform | undefined;
  /** The processor, as Node.js names it. */
  readonly architecture: string;
  readonly currentDirectory: string;
  /** A variable of the environment. */
  readonly variable: (name: string) => string | undefined;
  /** Where Docker keeps the credentials of registries. */
  readonly dockerConfigFile: string;
}

export function thisProcess(): ThisProcess {
  const dockerFolder = process.env['DOCKER_CONFIG'] ?? path.join(homedir(), '.docker');
  return {
    processId: process.pid,
    nodePath: process.execPath,
    environment: inherited(INHERITED),
    engineEnvironment: inherited(ENGINE),
    platform: platformOf(process.arch),
    architecture: process.arch,
    currentDirectory: process.cwd(),
    variable: (name) => process.env[name],
    dockerConfigFile: path.join(dockerFolder, 'config.json'),
  };
}

function inherited(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
