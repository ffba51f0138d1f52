import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalSettings } from '../config/complete-deployment-config.ts';
import { ContainerEngine } from '../containers/container-engine.ts';
import { CREDENTIALS_FOLDER } from '../containers/scorer-container-options.ts';
import { publicKeys } from '../credentials/service-credentials.ts';
import { DeployersError } from '../deployers-error.ts';
import { collectionSecretFiles } from '../collection-environment.ts';
import { collectionOf } from '../config/collection-rules.ts';
import { serviceEnvironment } from '../service-environment.ts';
import type { ServiceSpec } from '../service-spec.ts';
import type { PlannedChange } from '../planned-change.ts';
import type { Observation, Plan, Target } from '../target.ts';
import { imageRepository, ownerOf } from './container-replicas.ts';
import { hostProgram } from './host-program.ts';
import { ServiceFolder } from './service-folder.ts';
import type { DesiredService, ServiceStatus } from './service-folder.ts';
import { readServiceLog } from './service-log.ts';

export interface LocalTargetOptions {
  /** Holds a folder for each service. */
  readonly directory: string;
  /** The Node.js that runs services. */
  readonly nodePath: string;
  /** Variables that a program needs on this machine, such as PATH. */
  readonly environment: Readonly<Record<string, string>>;
  /** Variables by which a Docker Engine is found, such as DOCKER_HOST. */
  readonly engineEnvironment?: Readonly<Record<string, string>>;
}

const STOP_DEADLINE_MS = 30_000;
const HOST_START_MS = 15_000;
/** Time for callers to hear that a revision goes. */
const DRAIN_SECONDS = '1';

/** Runs services as processes or containers of this machine, each under a host process that outlives whoever deployed it. */
export class LocalTarget implements Target {
  readonly computeType = 'local';
  readonly pollMs = 100;
  readonly patienceMs = 240_000;
  readonly #options: LocalTargetOptions;

  constructor(options: LocalTargetOptions) {
    this.#options = options;
  }

  async plan(spec: ServiceSpec): Promise<Plan> {
    const folder = this.#folder(spec);
    const desired = await folder.readDesired();
    const kind = isContainer(spec) ? 'container' : 'process';
    const subject = `${kind} of ${spec.name} at http://127.0.0.1:${spec.port}`;
    const changes: PlannedChange[] =
      desired === undefined || desired.state === 'stopped'
        ? [{ action: 'create', subject }]
        : [{ action: 'update', subject, reason: `revision ${desired.revision} becomes ${spec.revision}` }];
    return { spec, changes };
  }

  async apply({ spec }: Plan): Promise<void> {
    const folder = this.#folder(spec);
    await this.setCredentials(spec);
    await folder.writeDesired({
      revision: spec.revision,
      state: 'running',
      port: spec.port ?? 0,
      ...(isContainer(spec) ? inContainer(spec) : this.#inProcess(spec, folder)),
    });
    await this.#ensureHost(folder);
  }

  async observe(spec: ServiceSpec): Promise<Observation | undefined> {
    const folder = this.#folder(spec);
    const desired = await folder.readDesired();
    if (desired === undefined) return undefined;
    const url = `http://127.0.0.1:${desired.port}`;
    if (await folder.hasHost()) return seen(desired.revision, (await folder.readStatus()) ?? noStatus, url);
    const stage = desired.state === 'stopped' ? 'stopped' : 'its host process is gone; reload the service';
    return { state: 'Unhealthy', revision: undefined, stage, url };
  }

  async setCredentials(spec: ServiceSpec): Promise<void> {
    const folder = this.#folder(spec);
    const { keys, signingKey, appInsights } = spec.credentials;
    if (keys !== undefined) await folder.write('keys.json', JSON.stringify(keys));
    if (signingKey !== undefined) await folder.write('jwks.json', publicKeys(signingKey));
    if (appInsights === undefined) await rm(folder.appInsightsFile, { force: true });
    else await folder.write('app-insights', appInsights);
  }

  async logs(spec: ServiceSpec, lines: number): Promise<readonly string[]> {
    return await readServiceLog(this.#folder(spec).log, lines);
  }

  async remove(spec: ServiceSpec): Promise<void> {
    const folder = this.#folder(spec);
    const desired = await folder.readDesired();
    if (desired !== undefined) await folder.writeDesired({ ...desired, state: 'stopped' });
    const deadline = performance.now() + STOP_DEADLINE_MS;
    while (await folder.hasHost()) {
      if (performance.now() > deadline) {
        throw new DeployersError(
          'DeploymentTimedOut',
          `the service ${spec.name} does not stop: its host in ${folder.directory} still runs after ${STOP_DEADLINE_MS / 1000} s`,
        );
      }
      await sleep(this.pollMs);
    }
    if (isContainer(spec)) await this.#removeContainers(spec, folder);
    await rm(folder.directory, { recursive: true, force: true });
  }

  #inProcess(
    spec: ServiceSpec,
    { keysFile, jwksFile, appInsightsFile, directory }: ServiceFolder,
  ): Pick<DesiredService, 'program' | 'environment'> {
    return {
      program: path.join(spec.artifact, 'scorer', 'main.mjs'),
      environment: {
        ...this.#options.environment,
        AML_APP_ROOT: spec.artifact,
        EDGEWRIGHT_DRAIN_SECONDS: DRAIN_SECONDS,
        ...(collectionOf(spec.settings) === undefined
          ? {}
          : { EDGEWRIGHT_STATE_DIRECTORY: path.join(directory, 'state') }),
        ...serviceEnvironment(spec, {
          keysFile,
          jwksFile,
          appInsightsFile,
          collection: collectionSecretFiles(spec.settings),
          collectedFolder: path.join(directory, 'collected'),
        }),
      },
    };
  }

  /** What a host that was killed left, and the images of all revisions. */
  async #removeContainers(spec: ServiceSpec, folder: ServiceFolder): Promise<void> {
    const engine = await ContainerEngine.open();
    await engine.removeContainers(ownerOf(folder));
    await engine.removeImages(imageRepository(this.#options.directory, spec.name));
  }

  #folder({ name }: ServiceSpec): ServiceFolder {
    return new ServiceFolder(path.join(this.#options.directory, name));
  }

  /** Starts the host when there is none, in a session of its own: closing the terminal must not end the service. */
  async #ensureHost(folder: ServiceFolder): Promise<void> {
    if (await folder.hasHost()) return;
    const host = spawn(this.#options.nodePath, [...hostProgram(), folder.directory], {
      cwd: folder.directory,
      detached: true,
      stdio: 'ignore',
      env: { ...this.#options.environment, ...this.#options.engineEnvironment },
    });
    host.on('error', () => {});
    host.unref();
    const deadline = performance.now() + HOST_START_MS;
    while (!(await folder.hasHost())) {
      if (performance.now() > deadline) {
        throw new DeployersError('DeploymentTimedOut', `the host of the service does not start in ${folder.directory}`);
      }
      await sleep(this.pollMs / 2);
    }
  }
}

function isContainer({ settings }: ServiceSpec): boolean {
  return settings.computeType === 'local' && settings.container;
}

function inContainer(spec: ServiceSpec): Pick<DesiredService, 'container' | 'environment'> {
  const { containerResourceRequirements: limits, containerNetwork: network } = spec.settings as LocalSettings;
  const files = {
    keysFile: `${CREDENTIALS_FOLDER}/keys.json`,
    jwksFile: `${CREDENTIALS_FOLDER}/jwks.json`,
    appInsightsFile: `${CREDENTIALS_FOLDER}/app-insights`,
  };
  return {
    environment: { EDGEWRIGHT_DRAIN_SECONDS: DRAIN_SECONDS, ...serviceEnvironment(spec, files) },
    container: {
      image: spec.artifact,
      service: spec.name,
      models: spec.models,
      ...limits,
      ...(network === undefined ? {} : { network }),
    },
  };
}

const noStatus: ServiceStatus = { restarts: 0, updatedTime: '' };

function seen(wanted: number, status: ServiceStatus, url: string): Observation {
  const { revision, starting, failure } = status;
  const shared = { revision, url, replicas: { desired: 1, ready: revision === undefined ? 0 : 1 } };
  if (starting !== undefined && failure === undefined) {
    return { ...shared, state: 'Transitioning', stage: `starting revision ${starting}` };
  }
  if (failure !== undefined) {
    const state = revision !== undefined ? 'Healthy' : failure.stage === 'run' ? 'Unhealthy' : 'Failed';
    return { ...shared, state, stage: `revision ${failure.revision} failed in the stage ${failure.stage}`, failure };
  }
  if (revision === wanted) return { ...shared, state: 'Healthy', stage: 'serving' };
  return { ...shared, state: 'Transitioning', stage: `waiting for revision ${wanted}` };
}
