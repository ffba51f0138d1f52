import Docker from 'dockerode';
import { messageOf } from '@edgewright/contract';
import { DeployersError } from '../deployers-error.ts';

/** How to reach a Docker Engine: a socket; without one, as the docker command would (`DOCKER_HOST` and its like). */
export interface ContainerEngineOptions {
  readonly socketPath?: string | undefined;
}

/** Whose a container is; every container that is made for a service carries it. */
export const OWNER_LABEL = 'edgewright.owner';

/** The Docker Engine of this machine. */
export class ContainerEngine {
  readonly docker: Docker;
  /** Gigabytes of memory and cores that it can give at most. */
  readonly most: { readonly cpu: number; readonly memoryInGB: number };
  readonly #hasBridge: boolean;

  private constructor(docker: Docker, facts: { readonly most: ContainerEngine['most']; readonly hasBridge: boolean }) {
    this.docker = docker;
    this.most = facts.most;
    this.#hasBridge = facts.hasBridge;
  }

  /**
   * Makes sure that an engine answers, and is one of this machine.
   *
   * @throws DeployersError `ContainerEngineUnusable`
   */
  static async open({ socketPath }: ContainerEngineOptions = {}): Promise<ContainerEngine> {
    const docker = new Docker(socketPath === undefined ? {} : { socketPath });
    const { host, socketPath: socket } = docker.modem as { host?: string; socketPath?: string };
    if (socket === undefined && !/^(?:localhost|127\.|::1|\[::1\])/.test(host ?? '')) {
      throw unusable(
        `the one of DOCKER_HOST is at ${host}, and a service on this machine needs an engine of this machine`,
      );
    }
    try {
      const { MemTotal = 0, NCPU = 1 } = (await docker.info()) as { MemTotal?: number; NCPU?: number };
      const networks = await docker.listNetworks();
      return new ContainerEngine(docker, {
        most: { cpu: NCPU, memoryInGB: MemTotal / 1024 ** 3 },
        hasBridge: networks.some(({ Name }) => Name === 'bridge'),
      });
    } catch (cause) {
      throw unusable(reasonOf(cause, socket ?? `${host}`), cause);
    }
  }

  /** The network of a container for which none is named: an engine without a bridge has the host's alone. */
  get usualNetwork(): 'bridge' | 'host' {
    return this.#hasBridge ? 'bridge' : 'host';
  }

  /** Whether the engine has an image of a name, a tag or an id. */
  async hasImage(reference: string): Promise<boolean> {
    return await this.docker
      .getImage(reference)
      .inspect()
      .then(() => true)
      .catch(ignoring(404))
      .then((found) => found === true);
  }

  /** Removes the containers of an owner, those that run too. */
  async removeContainers(owner: string): Promise<void> {
    const filters = { label: [`${OWNER_LABEL}=${owner}`] };
    const found = await this.docker.listContainers({ all: true, filters });
    const remove = async (id: string): Promise<unknown> =>
      // 404 and 409: it is gone, or somebody else removes it
      await this.docker.getContainer(id).remove({ force: true, v: true }).catch(ignoring(404, 409));
    await Promise.all(found.map(({ Id }) => remove(Id)));
  }

  /** Takes away the tags of a repository, and images that have no other name; those to keep stay. */
  async removeImages(repository: string, keep: readonly string[] = []): Promise<void> {
    const found = await this.docker.listImages({ filters: { reference: [repository] } });
    const tags = found.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tag.startsWith(`${repository}:`));
    for (const tag of tags) {
      // 404 and 409: it is gone, or a container still has it
      if (!keep.includes(tag)) await this.docker.getImage(tag).remove().catch(ignoring(404, 409));
    }
  }
}

/** Lets pass what an engine answers with one of these statuses. */
export function ignoring(...statuses: readonly number[]): (error: unknown) => void {
  return (error) => {
    const { statusCode } = error as { statusCode?: number };
    if (statusCode === undefined || !statuses.includes(statusCode)) throw error;
  };
}

/** Without an engine the reason is the failure of a connection, in words of the system. */
function reasonOf(cause: unknown, address: string): string {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return `nothing listens at ${address}: it is not installed or not running`;
  if (code === 'EACCES') return `this user may not use ${address}`;
  return `the one at ${address} answers: ${messageOf(cause)}`;
}

function unusable(reason: string, cause?: unknown): DeployersError {
  return new DeployersError(
    'ContainerEngineUnusable',
    `cannot run services as containers: no Docker Engine can be used: ${reason}`,
    {
      details: { reason },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
