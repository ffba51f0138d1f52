import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Workspace } from 'edgewright';
import { pushImage } from '@edgewright/packager';
import { DockerRegistry } from '../../test/support/docker-registry.ts';
import { addBaseImage } from './base-image.ts';
import { CountingProxy } from './counting-proxy.ts';
import { DockerSide } from './docker-side.ts';

/** Weights that cannot be compressed, so that nobody gains by compressing them. */
export const MODEL_BYTES = 20_000_000;
const BASE = 'bench/base:1';
const PLATFORMS = ['amd64', 'arm64v8', 'arm32v7'] as const;

/** What both sides work with: the same model, script and base image, and one registry behind a proxy that counts. */
export interface Plant extends AsyncDisposable {
  readonly folder: string;
  readonly proxy: CountingProxy;
  readonly docker: DockerSide;
  /** `HOST:PORT/NAME:TAG` of the base image. */
  readonly baseImage: string;
  /** Replaces the model by others of the same size. */
  readonly newModel: () => Promise<void>;
  /** Replaces the entry script. */
  readonly newScript: () => Promise<void>;
  readonly modelFile: string;
  readonly sources: string;
  /** Opens a workspace of ours in a folder; a new one gets the model. */
  openWorkspace(folder: string): Promise<Workspace>;
  /** Builds the image for three platforms. @param tag of a repository behind the proxy */
  build(workspace: Workspace, tag: string): ReturnType<Workspace['images']['build']>;
}

/** Starts the registry, and gives base image and first inputs to both sides. */
export async function openPlant(folder: string): Promise<Plant> {
  await using cleanup = new AsyncDisposableStack();
  const registry = cleanup.use(await DockerRegistry.start({ executable: 'docker-registry' }));
  const proxy = cleanup.use(await CountingProxy.start(registry.host));
  const layoutDirectory = path.join(folder, 'base');
  await addBaseImage(layoutDirectory, BASE);
  const baseImage = `${registry.host}/${BASE}`;
  await pushImage({ layoutDirectory, image: BASE, target: baseImage });
  const sources = path.join(folder, 'sources');
  await mkdir(sources);
  const modelFile = path.join(sources, 'weights.bin');
  const docker = cleanup.use(await DockerSide.open({ sources, baseImage, host: proxy.host }));
  let edits = 0;
  const newModel = (): Promise<void> => writeFile(modelFile, randomBytes(MODEL_BYTES));
  const newScript = async (): Promise<void> => {
    edits += 1;
    const script = `// edit ${edits}\nexport const run = (data) => ({ answer: data, edit: ${edits} });\n`;
    await writeFile(path.join(sources, 'score.mjs'), script);
  };
  await newModel();
  await newScript();
  const closing = cleanup.move();
  return {
    folder,
    proxy,
    docker,
    baseImage,
    newModel,
    newScript,
    modelFile,
    sources,
    openWorkspace: async (place) => {
      const isNew = !existsSync(place) || (await readdir(place)).length === 0;
      const workspace = await Workspace.open(place);
      if (isNew) await workspace.models.register({ name: 'weights', path: modelFile });
      return workspace;
    },
    build: (workspace, tag) =>
      workspace.images.build({
        models: ['weights'],
        inferenceConfig: { entryScript: 'score.mjs', baseImage, platforms: [...PLATFORMS] },
        configDirectory: sources,
        tag: `${proxy.host}/${tag}`,
        // a plain Dockerfile makes no SBOM, provenance or model card
        attest: false,
      }),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

/** How many seconds something takes. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
