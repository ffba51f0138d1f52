import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import Docker from 'dockerode';

const run = promisify(execFile);

export interface DockerSideOptions {
  /** Where model and script are; Dockerfile and package.json are put beside them. */
  readonly sources: string;
  readonly baseImage: string;
  /** The registry to push to. */
  readonly host: string;
}

/**
 * The baseline: a Dockerfile as a competent person writes it, for one platform, built with BuildKit and pushed by the engine. What
 * changes least stands first, and npm's downloads are kept from build to build. Its packages are those by which the scorer
 * runs models and speaks HTTP and to IoT Hub.
 */
export class DockerSide implements AsyncDisposable {
  readonly #docker: Docker;
  readonly #options: DockerSideOptions;
  readonly #image: string;

  private constructor(docker: Docker, options: DockerSideOptions) {
    this.#docker = docker;
    this.#options = options;
    this.#image = `${options.host}/plain/scorer`;
  }

  static async open(options: DockerSideOptions): Promise<DockerSide> {
    const socketPath = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace('unix://', '');
    const docker = new Docker({ socketPath });
    const side = new DockerSide(docker, options);
    await side.#follow(await docker.pull(options.baseImage));
    await writeContext(options);
    return side;
  }

  /** @param fresh without the engine's cache of steps; npm's downloads are kept nevertheless */
  async build(tag: string, fresh = false): Promise<void> {
    const src = ['Dockerfile', 'package.json', 'package-lock.json', 'server.mjs', 'score.mjs', 'weights.bin'];
    const stream = await this.#docker.buildImage(
      { context: this.#options.sources, src },
      { t: `${this.#image}:${tag}`, version: '2', networkmode: 'host', nocache: fresh },
    );
    await this.#follow(stream);
  }

  async push(tag: string): Promise<void> {
    // a registry without authentication takes any
    const authconfig = { username: '', password: '' };
    await this.#follow(await this.#docker.getImage(`${this.#image}:${tag}`).push({ authconfig }));
  }

  /** Compressed bytes of the layers above the base, without that of the model. */
  async sizeOf(tag: string): Promise<number> {
    const layersOf = async (image: string): Promise<{ digest: string; size: number }[]> => {
      const [host = '', ...rest] = image.split('/');
      const [name = '', version = ''] = rest.join('/').split(':');
      const response = await fetch(`http://${host}/v2/${name}/manifests/${version}`, {
        headers: { accept: 'application/vnd.docker.distribution.manifest.v2+json' },
      });
      return ((await response.json()) as { layers: { digest: string; size: number }[] }).layers;
    };
    const layers = await layersOf(`${this.#image}:${tag}`);
    const { RootFS } = await this.#docker.getImage(this.#options.baseImage).inspect();
    const own = layers.slice(RootFS.Layers?.length ?? 0);
    // the Dockerfile ends with the model and then the code
    const model = own.at(-2)?.size ?? 0;
    return own.reduce((sum, { size }) => sum + size, 0) - model;
  }

  async #follow(stream: NodeJS.ReadableStream): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly { readonly error?: string }[]>();
    this.#docker.modem.followProgress(stream, (error: Error | null, messages: { error?: string }[]) => {
      if (error === null) resolve(messages);
      else reject(error);
    });
    const failure = (await promise).find((message) => message.error !== undefined);
    if (failure !== undefined) throw new TypeError(`the Docker Engine failed: ${failure.error}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { RepoTags } of await this.#docker.listImages()) {
      for (const name of RepoTags ?? []) {
        const isOwn = name.startsWith(`${this.#image}:`) || name === this.#options.baseImage;
        if (isOwn) await this.#docker.getImage(name).remove({ force: true });
      }
    }
  }
}

async function writeContext({ sources, baseImage }: DockerSideOptions): Promise<void> {
  const npm = '"/usr/local/bin/node", "/usr/local/lib/npm/bin/npm-cli.js"';
  const dockerfile = [
    `FROM ${baseImage}`,
    'WORKDIR /app',
    'ENV NODE_ENV=production NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt',
    'COPY package.json package-lock.json ./',
    `RUN --mount=type=cache,target=/root/.npm [${npm}, "ci", "--omit=dev", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]`,
    'COPY weights.bin ./',
    'COPY server.mjs score.mjs ./',
    'USER 1000',
    'CMD ["/usr/local/bin/node", "server.mjs"]',
  ];
  const dependencies = {
    'azure-iot-device': '1.18.4',
    'azure-iot-device-mqtt': '1.16.4',
    fastify: '5.12.8',
    'onnxruntime-node': '1.30.0',
    pino: '10.4.0',
  };
  await writeFile(path.join(sources, 'Dockerfile'), `${dockerfile.join('\n')}\n`);
  await writeFile(path.join(sources, 'package.json'), JSON.stringify({ name: 'plain', type: 'module', dependencies }));
  await writeFile(path.join(sources, 'server.mjs'), "import { run } from './score.mjs';\nconsole.log(run(1));\n");
  await run('npm', ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: sources });
}
