import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import { messageOf, ociPlatforms } from '@edgewright/contract';
import type { Platform } from '@edgewright/contract';
import { platformFrom } from '../base/platform-from.ts';
import { PackagerError } from '../packager-error.ts';
import type { PlatformArchive } from './docker-archive.ts';

/** How to reach a Docker Engine: a socket; without one, as the docker command would (`DOCKER_HOST` and its like). */
export interface DockerEngineOptions {
  readonly socketPath?: string;
}

/** What a Docker Engine is to build. */
export interface EngineBuild {
  /** The context as a tar archive. */
  readonly context: Readable;
  /** Where its Dockerfile is in it. */
  readonly dockerfile: string;
  readonly name: string;
  readonly platform: Platform;
  /** Takes a line of what the steps print. */
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal;
}

interface EngineMessage {
  readonly stream?: string;
  readonly error?: string;
}

/** A method that dockerode has and its types lack. */
interface ProgressFollower {
  followProgress(
    stream: NodeJS.ReadableStream,
    onFinished: (error: Error | null) => void,
    onProgress: (message: EngineMessage) => void,
  ): void;
}

/** The first API with BuildKit (Docker 18.09). */
const BUILDKIT_API = 1.39;
const SHOWN_CHARACTERS = 2000;

/** A Docker Engine that keeps, builds and runs images. */
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
    await this.#follow(action, stream);
    await this.#ask(action, this.#docker.getImage(name).inspect());
  }

  /**
   * Builds an image in the engine, with BuildKit where it has one.
   *
   * @throws PackagerError `DockerFailed` with what the failed step printed
   */
  async build({ context, dockerfile, name, platform, onLine, signal }: EngineBuild): Promise<void> {
    const action = `run the steps for ${platform} in the Docker Engine`;
    const { os, architecture, variant } = ociPlatforms[platform];
    const networks = await this.#ask(action, this.#docker.listNetworks());
    const stream = await this.#ask(
      action,
      this.#docker.buildImage(context, {
        t: name,
        dockerfile,
        platform: [os, architecture, variant].filter((part) => part !== undefined).join('/'),
        forcerm: true,
        version: (await this.#hasBuildKit(action)) ? '2' : '1',
        // an engine without a bridge has no network of its own for a step
        ...(networks.some((one) => one.Driver === 'bridge') ? {} : { networkmode: 'host' }),
        ...(signal === undefined ? {} : { abortSignal: signal }),
      }),
    );
    await this.#follow(action, stream, onLine);
  }

  /** An image as `docker save` writes it. @throws PackagerError `DockerFailed` */
  async save(name: string): Promise<NodeJS.ReadableStream> {
    return await this.#ask(`take the image "${name}" from the Docker Engine`, this.#docker.getImage(name).get());
  }

  /** Takes a name away, and the image when it has no other; nothing happens when there is none. */
  async remove(name: string): Promise<void> {
    await this.#docker
      .getImage(name)
      .remove({ noprune: false })
      .catch(() => {});
  }

  async #hasBuildKit(action: string): Promise<boolean> {
    const { ApiVersion, Components } = await this.#ask(action, this.#docker.version());
    const isDocker = (Components ?? []).every((one) => !/podman/i.test(one.Name));
    return isDocker && Number(ApiVersion.split('.')[1] ?? 0) >= Math.round((BUILDKIT_API % 1) * 100);
  }

  async #follow(
    action: string,
    stream: NodeJS.ReadableStream,
    onLine: (line: string) => void = () => {},
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let said = '';
    let failure: string | undefined;
    const take = (message: EngineMessage): void => {
      const line = lineOf(message.stream ?? '');
      failure ??= message.error;
      if (line === '') return;
      // what was printed before the step that failed says nothing about it
      const isStep = /^(?:\[sha256:|Step \d)/.test(line);
      if (!line.startsWith('ERROR: ')) said = isStep ? '' : `${said}${line}\n`.slice(-SHOWN_CHARACTERS);
      onLine(line);
    };
    const end = (error: Error | null): void => (error === null ? resolve() : reject(error));
    // reads what a build with BuildKit prints as well, which is protobuf in Base64
    (this.#docker as unknown as ProgressFollower).followProgress(stream, end, take);
    await this.#ask(action, promise);
    if (failure !== undefined)
      throw failed(action, said.trim() === '' ? failure : `${failure}; it printed: ${said.trim()}`);
  }

  async #ask<Result>(action: string, answer: Promise<Result>): Promise<Result> {
    return await answer.catch((cause: unknown) => {
      throw failed(action, reasonOf(cause), cause);
    });
  }
}

/** dockerode 5.0.1 gives what a step prints under BuildKit in Base64, and all else as words with blanks between. */
function lineOf(text: string): string {
  const line = text.trim();
  const isBase64 = line.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(line);
  return isBase64 ? Buffer.from(line, 'base64').toString('utf8').trim() : line;
}

/** Without an engine the reason is the failure of a connection, in words of the system. */
function reasonOf(cause: unknown): string {
  const { code, address } = cause as NodeJS.ErrnoException & { address?: string };
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'EACCES') {
    const why = code === 'EACCES' ? 'this user may not use it' : 'nothing listens there';
    return `there is no Docker Engine at ${address ?? 'the address of DOCKER_HOST'}: ${why}`;
  }
  return messageOf(cause);
}

function failed(action: string, reason: string, cause?: unknown): PackagerError {
  return new PackagerError('DockerFailed', `cannot ${action}: ${reason}`, {
    details: { reason },
    ...(cause === undefined ? {} : { cause }),
  });
}
