import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import Docker from 'dockerode';
import { messageOf } from '@edgewright/contract';
import type { OciPlatform } from '@edgewright/contract';
import { containerOptions } from './container-options.ts';
import { engineImage } from './engine-image.ts';
import { unusable } from './image-layout.ts';
import type { ImageSources } from './image-sources.ts';
import { ModuleLog } from './module-log.ts';
import type { ModuleOutput } from './module-output.ts';
import type { ModuleExit, ModuleRunner, PreparedModule, RunningModule } from './module-runner.ts';
import type { ModuleSpec } from './module-spec.ts';

/** Whose a container is: a text for each edge device of each state folder. */
export const OWNER_LABEL = 'edgewright.simulator.device';
const MODULE_LABEL = 'edgewright.simulator.module';

export interface ContainerRunnerOptions {
  readonly deviceId: string;
  /** A folder below this one for each module, with its log. */
  readonly directory: string;
  readonly images: ImageSources;
  readonly platform: OciPlatform | undefined;
  /** Of the Docker Engine; without it DOCKER_HOST, or Docker's own place. */
  readonly socketPath?: string;
  readonly temporaryDirectory: string;
  readonly now: () => number;
  /** Told what modules print. */
  readonly onOutput?: ModuleOutput;
}

/**
 * Runs modules as containers of a Docker Engine. All carry a label that names the device; those that a killed simulator left
 * are removed at the start, and disposing of the runner removes every one.
 */
export class ContainerRunner implements ModuleRunner {
  readonly #options: ContainerRunnerOptions;
  readonly #docker: Docker;
  readonly #owner: string;

  private constructor(options: ContainerRunnerOptions) {
    this.#options = options;
    this.#docker = new Docker(options.socketPath === undefined ? {} : { socketPath: options.socketPath });
    this.#owner = createHash('sha256').update(path.resolve(options.directory)).digest('hex').slice(0, 24);
  }

  /** @throws SimulatorError `ModuleImageUnusable` when no engine answers */
  static async start(options: ContainerRunnerOptions): Promise<ContainerRunner> {
    const runner = new ContainerRunner(options);
    try {
      await runner.#removeContainers({});
    } catch (cause) {
      const text = `no Docker Engine can be used${options.socketPath === undefined ? '' : ` at ${options.socketPath}`}: ${messageOf(cause)}`;
      throw unusable(text, { socketPath: options.socketPath }, cause);
    }
    return runner;
  }

  async prepare(spec: ModuleSpec, signal: AbortSignal): Promise<PreparedModule> {
    const { images, platform, temporaryDirectory } = this.#options;
    if (platform === undefined) throw unusable('no images are made for this kind of machine', { image: spec.image });
    const image = await engineImage(spec, { docker: this.#docker, images, platform, temporaryDirectory, signal });
    // one of an earlier deployment; a container that only starts again keeps what it has written
    await this.#removeContainers({ module: spec.name });
    let container: Docker.Container | undefined;
    return {
      imageDigest: image.digest,
      start: async (environment) => {
        container ??= await this.#create(spec, image.id, environment);
        return await this.#start(spec, container);
      },
    };
  }

  async remove(moduleId: string): Promise<void> {
    await this.#removeContainers({ module: moduleId });
    await rm(path.join(this.#options.directory, moduleId), { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#removeContainers({});
  }

  async #create(
    spec: ModuleSpec,
    image: string,
    environment: Readonly<Record<string, string>>,
  ): Promise<Docker.Container> {
    const { deviceId } = this.#options;
    return await this.#docker.createContainer({
      ...containerOptions(spec, environment),
      name: `edgewright-${this.#owner.slice(0, 8)}-${`${deviceId}-${spec.name}`.replaceAll(/[^\w.-]/g, '_')}`,
      Image: image,
      Labels: {
        ...spec.createOptions.Labels,
        'net.azure-devices.edge.owner': 'Microsoft.Azure.Devices.Edge.Agent',
        [OWNER_LABEL]: this.#owner,
        [MODULE_LABEL]: spec.name,
      },
    });
  }

  async #start(spec: ModuleSpec, container: Docker.Container): Promise<RunningModule> {
    const { directory, now, onOutput } = this.#options;
    const log = await ModuleLog.open(path.join(directory, spec.name), {
      now,
      ...(onOutput !== undefined && { onLine: (line) => onOutput(spec.name, line) }),
    });
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    log.take(stdout, 'stdout');
    log.take(stderr, 'stderr');
    const output = await container.attach({ stream: true, stdout: true, stderr: true });
    container.modem.demuxStream(output, stdout, stderr);
    output.once('end', () => {
      stdout.end();
      stderr.end();
      stderr.once('close', () => void log[Symbol.asyncDispose]());
    });
    await container.start();
    const { State } = await container.inspect();
    const exited = exitOf(container);
    return {
      ...(State.Pid > 0 && { pid: State.Pid }),
      exited,
      stop: async (graceMs) => {
        // 304: it has ended already; 404: it was removed meanwhile
        await container.stop({ t: Math.ceil(graceMs / 1000) }).catch(ignoring(304, 404));
        await exited;
      },
    };
  }

  async #removeContainers({ module }: { readonly module?: string }): Promise<void> {
    const labels = [`${OWNER_LABEL}=${this.#owner}`, ...(module === undefined ? [] : [`${MODULE_LABEL}=${module}`])];
    const found = await this.#docker.listContainers({ all: true, filters: { label: labels } });
    // 404 and 409: it is gone, or somebody else removes it
    const remove = async (id: string) =>
      await this.#docker.getContainer(id).remove({ force: true, v: true }).catch(ignoring(404, 409));
    await Promise.all(found.map(({ Id }) => remove(Id)));
  }
}

async function exitOf(container: Docker.Container): Promise<ModuleExit> {
  try {
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    const { State } = await container.inspect();
    const why = State.OOMKilled ? 'ran out of memory' : `exited with code ${StatusCode}`;
    return { exitCode: StatusCode, description: State.Error === '' ? why : `${why}: ${State.Error}` };
  } catch (error) {
    return { exitCode: 137, description: `the container is gone: ${messageOf(error)}` };
  }
}

/** Lets pass what an engine answers with one of these statuses. */
function ignoring(...statuses: readonly number[]): (error: unknown) => void {
  return (error) => {
    const { statusCode } = error as { statusCode?: number };
    if (statusCode === undefined || !statuses.includes(statusCode)) throw error;
  };
}
