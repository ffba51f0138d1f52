import { constants } from 'node:fs';
import { copyFile, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { ManifestsError } from './manifests-error.ts';

export interface NewSolutionInput {
  /** Made when it is not there. */
  readonly folder: string;
  /** The modules besides edgeAgent and edgeHub; at least one. */
  readonly modules: readonly string[];
  /** A layer for a fleet that has a base deployment, in place of a whole manifest. */
  readonly layered: boolean;
}

const MODULE_NAME = /^[a-zA-Z0-9_-]+$/;

/**
 * Writes the files of a solution: a template, `.env` with its variables, and `.gitignore`.
 *
 * @returns the files that were written
 * @throws ManifestsError `SolutionExists`, nothing being written then; `SwitchInvalid` for a name that no module may have
 */
export async function newSolution({ folder, modules, layered }: NewSolutionInput): Promise<readonly string[]> {
  const wrong = modules.find((name) => !MODULE_NAME.test(name));
  if (wrong !== undefined || modules.length === 0) {
    throw new ManifestsError(
      'SwitchInvalid',
      `cannot make a solution with the module ${JSON.stringify(wrong ?? '')}: a name has letters, digits, _ and - only`,
      { details: { module: wrong ?? '' } },
    );
  }
  const template = layered ? layerTemplate(modules) : manifestTemplate(modules);
  const files: readonly (readonly [string, string])[] = [
    ['deployment.template.json', `${JSON.stringify(template, null, 2)}\n`],
    ['.env', environment(modules)],
    ['.gitignore', 'config/\n.env\n'],
  ];
  const paths = files.map(([name]) => path.join(folder, name));
  for (const file of paths) {
    if (await exists(file)) {
      throw new ManifestsError('SolutionExists', `cannot make a solution in "${folder}": ${file} is there already`, {
        details: { file },
      });
    }
  }
  await mkdir(folder, { recursive: true });
  for (const [index, [, text]] of files.entries()) await writeNew(paths[index] ?? folder, text);
  return paths;
}

/** Written beside its place first, and never over a file that came in between. */
async function writeNew(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  await writeFile(temporary, text);
  await copyFile(temporary, file, constants.COPYFILE_EXCL);
  await rm(temporary);
}

async function exists(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  );
}

function environment(modules: readonly string[]): string {
  const images = modules.map((name) => `${name.toUpperCase().replaceAll('-', '_')}_IMAGE=${name.toLowerCase()}:1`);
  return `${['# values of the variables of deployment.template.json; keep secrets in the environment', 'EDGE_RUNTIME_VERSION=1.5', ...images].join('\n')}\n`;
}

function moduleOf(name: string, startupOrder?: number): Readonly<Record<string, unknown>> {
  return {
    version: '1.0',
    type: 'docker',
    status: 'running',
    restartPolicy: 'always',
    ...(startupOrder === undefined ? {} : { startupOrder }),
    settings: { image: `\${MODULES.${name}}`, createOptions: {} },
  };
}

function routeOf(name: string): string {
  return `FROM /messages/modules/${name}/outputs/* INTO $upstream`;
}

function layerTemplate(modules: readonly string[]): Readonly<Record<string, unknown>> {
  const keyed = (prefix: (name: string) => string, value: (name: string) => unknown) =>
    Object.fromEntries(modules.map((name) => [`properties.desired.${prefix(name)}`, value(name)]));
  return {
    '$schema-template': '4.0.0',
    content: {
      modulesContent: {
        $edgeAgent: keyed(
          (name) => `modules.${name}`,
          (name) => moduleOf(name),
        ),
        $edgeHub: keyed((name) => `routes.${name}ToIoTHub`, routeOf),
      },
    },
  };
}

function manifestTemplate(modules: readonly string[]): Readonly<Record<string, unknown>> {
  const ports = Object.fromEntries(['5671', '8883', '443'].map((port) => [`${port}/tcp`, [{ HostPort: port }]]));
  const system = { type: 'docker', status: 'running', restartPolicy: 'always', startupOrder: 0 };
  return {
    '$schema-template': '4.0.0',
    modulesContent: {
      $edgeAgent: {
        'properties.desired': {
          schemaVersion: '1.1',
          runtime: {
            type: 'docker',
            settings: { minDockerVersion: 'v1.25', loggingOptions: '', registryCredentials: {} },
          },
          systemModules: {
            edgeAgent: { type: 'docker', settings: { image: '${EDGEAGENT_IMAGE}', createOptions: {} } },
            edgeHub: {
              ...system,
              settings: { image: '${EDGEHUB_IMAGE}', createOptions: { HostConfig: { PortBindings: ports } } },
            },
          },
          modules: Object.fromEntries(modules.map((name) => [name, moduleOf(name, 1)])),
        },
      },
      $edgeHub: {
        'properties.desired': {
          schemaVersion: '1.1',
          routes: Object.fromEntries(modules.map((name) => [`${name}ToIoTHub`, routeOf(name)])),
          storeAndForwardConfiguration: { timeToLiveSecs: 7200 },
        },
      },
    },
  };
}
