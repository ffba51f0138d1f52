import Docker from 'dockerode';
import { messageOf } from '@edgewright/contract';
import type { Platform } from '@edgewright/contract';
import { platformFrom } from '../base/platform-from.ts';
import { PackagerError } from '../packager-error.ts';
import type { PlatformArchive } from './docker-archive.ts';

/** How to reach a Docker Engine: a socket; without one, as the docker command would (`DOCKER_HOST` and its like). */
export interface DockerEngineOptions {
  readonly socketPath?: string;
}

/** A Docker Engine that runs images. */
export class DockerEngine {
  readonly #docker: Docker;

  constructor(options: DockerEngineOptions = {}) {
    this.#docker = new Docker(options.socketPath === undefined ? {} : { socketPath: options.socketPath });
  }

  /** The platform that the engine runs by itself. @throws PackagerError `DockerFailed` */
  async platform(): Promise<Platform | undefined> {
    const { Architecture, OSType } = (await this.#ask('ask the Docker Engine what it runs', this.#docker.info())) as {
      Architecture?: string;
      OSType?: string;
    };
    const names: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64', armv7l: 'arm' };
    return platformFrom({ os: OSType ?? 'linux', architecture: names[Architecture ?? ''] ?? Architecture ?? '' });
  }

  /**
   * Gives an image to the engine and sees to it that it has all its layers.
   *
   * @throws PackagerError `DockerFailed`
   */
  async load(archive: PlatformArchive, name: string, signal?: AbortSignal): Promise<void> {
    const action = `give the image "${name}" to the Docker Engine`;
    const stream = await this.#ask(action, this.#docker.loadImage(archive.stream(signal), { quiet: true }));
    const messages = await this.#ask(action, this.#follow(stream));
    const failure = messages.find((message) => message.error !== undefined);
    if (failure?.error !== undefined) throw failed(action, failure.error);
    await this.#ask(action, this.#docker.getImage(name).inspect());
  }

  #follow(stream: NodeJS.ReadableStream): Promise<readonly { readonly error?: string }[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly { readonly error?: string }[]>();
    this.#docker.modem.followProgress(stream, (error: Error | null, messages: { error?: string }[]) => {
      if (error === null) resolve(messages);
      else reject(error);
    });
    return promise;
  }

  async #ask<Result>(action: string, answer: Promise<Result>): Promise<Result> {
    return await answer.catch((cause: unknown) => {
      throw failed(action, messageOf(cause), cause);
    });
  }
}

function failed(action: string, reason: string, cause?: unknown): PackagerError {
  return new PackagerError('DockerFailed', `cannot ${action}: ${reason}`, {
    details: { reason },
    ...(cause === undefined ? {} : { cause }),
  });
}
