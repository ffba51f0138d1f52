import { copyFile, link, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { messageOf, ociMediaTypes, ociPlatforms, OciManifestSchema, OciIndexSchema } from '@edgewright/contract';
import type { OciDescriptor, OciImageConfig, OciIndex, OciManifest, Platform } from '@edgewright/contract';
import { readSteps } from '../base/read-steps.ts';
import type { DockerfileSteps } from '../base/read-steps.ts';
import { parseImageReference } from '../image-reference.ts';
import type { BytesEntry } from '../layers/tar-entry.ts';
import type { ImageLayout } from '../layout/image-layout.ts';
import { findImage, showImage } from '../list-images.ts';
import type { ImageDetails } from '../list-images.ts';
import { PackagerError } from '../packager-error.ts';

export interface DockerContextOptions {
  readonly layoutDirectory: string;
  /** `NAME[:TAG]` */
  readonly image: string;
  /** `baseImage` of the configuration: one of a registry stands in `FROM`, the layers of others are in the context. */
  readonly baseImage: string;
  /** `extraDockerfileSteps`; they stand behind `FROM` where the base comes from a registry. */
  readonly extraDockerfileSteps?: string;
  /** The folder that `extraDockerfileSteps` starts from. */
  readonly configDirectory: string;
  /** The folder to make; it must not be there, or be empty. */
  readonly directory: string;
}

/** A folder that `docker build` takes. */
export interface DockerContext {
  readonly directory: string;
  /** Relative to the folder. */
  readonly files: readonly string[];
}

interface ContextLayer {
  readonly role: string;
  readonly descriptor: OciDescriptor;
}

type ContainerConfig = NonNullable<OciImageConfig['config']>;

/**
 * Writes an image as a Docker context: a Dockerfile, and the layers as archives that `ADD` unpacks. What Docker makes of it
 * starts and scores as the image does, and may be changed by further steps; its digest is another one. For iotedgedev and the
 * extensions of editors there are module.json and a Dockerfile for each platform beside it.
 *
 * @throws PackagerError `ImageNotFound`, `ImageInvalid`, `LayoutUnusable`
 */
export async function writeDockerContext(options: DockerContextOptions): Promise<DockerContext> {
  const { layout, descriptor, reference } = await findImage(options.layoutDirectory, options.image);
  const details = await showImage(options.layoutDirectory, options.image);
  const isRemote = !/^(?:scratch$|oci:|docker-archive:)/.test(options.baseImage);
  const stacks = await readStacks(layout, descriptor, details);
  const plan = planLayers(stacks, (layer) => !isRemote || layer.role !== 'base');
  const texts = new Map<string, string>();
  const target = path.resolve(options.directory);
  const staged = `${target}-${randomUUID()}`;
  try {
    await requireFree(target);
    for (const [place, layer] of plan.files) await placeLayer(layout, layer, path.join(staged, place));
    const { extraDockerfileSteps: file, configDirectory } = options;
    const steps = isRemote && file !== undefined ? await readSteps(file, configDirectory) : undefined;
    const base = isRemote ? options.baseImage : 'scratch';
    const config = details.configs[0]?.config.config ?? {};
    texts.set('Dockerfile', dockerfileOf({ base, steps, plan, config }));
    for (const platform of stacks.keys()) {
      texts.set(`Dockerfile.${platform}`, dockerfileOf({ base, steps, plan, config, platform }));
    }
    texts.set('module.json', moduleFile(reference, [...stacks.keys()]));
    for (const [name, text] of texts) await writeFile(path.join(staged, name), text);
    for (const file of steps?.files ?? []) await placeStepsFile(staged, file, texts);
    await rm(target, { recursive: true, force: true });
    await rename(staged, target);
  } catch (cause) {
    if (cause instanceof PackagerError) throw cause;
    throw refused(target, messageOf(cause), cause);
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
  return { directory: target, files: [...texts.keys(), ...plan.files.keys()] };
}

async function requireFree(target: string): Promise<void> {
  const there = await readdir(target).catch(() => []);
  if (there.length > 0) throw refused(target, `"${there[0]}" is in it already`);
}

/** Which files the context has, and the lines that add them, from the bottom layer up. */
interface LayerPlan {
  readonly files: ReadonlyMap<string, ContextLayer>;
  readonly lines: readonly string[];
  readonly hasSeveral: boolean;
}

async function readStacks(
  layout: ImageLayout,
  root: OciDescriptor,
  details: ImageDetails,
): Promise<ReadonlyMap<Platform, readonly ContextLayer[]>> {
  const { manifests } = (await layout.read(root, OciIndexSchema)) as OciIndex;
  const stacks = new Map<Platform, readonly ContextLayer[]>();
  for (const { platform, digest, layers } of details.platforms) {
    const entry = manifests.find((one) => one.digest === digest);
    if (entry === undefined) continue;
    const manifest = (await layout.read(entry, OciManifestSchema)) as OciManifest;
    stacks.set(
      platform,
      manifest.layers.map((descriptor, place) => ({ role: layers[place]?.role ?? 'base', descriptor })),
    );
  }
  return stacks;
}

/** A layer that is the same on all platforms is there once; the others are in a folder named by Docker's TARGETARCH. */
function planLayers(
  stacks: ReadonlyMap<Platform, readonly ContextLayer[]>,
  isWanted: (layer: ContextLayer) => boolean,
): LayerPlan {
  const files = new Map<string, ContextLayer>();
  const lines: string[] = [];
  const [first = []] = [...stacks.values()];
  const platforms = [...stacks];
  const depth = Math.max(...platforms.map(([, stack]) => stack.length));
  const heads = new Map(platforms.map(([platform, stack]) => [platform, stack.length]));
  const isShared = (place: number): boolean =>
    platforms.every(([platform, stack]) => {
      const offset = (heads.get(platform) ?? 0) - first.length;
      return stack[place + offset]?.descriptor.digest === first[place]?.descriptor.digest;
    });
  // counted from the top: what is shared lies there, and bases may have different numbers of layers
  for (let fromTop = depth; fromTop >= 1; fromTop -= 1) {
    const place = first.length - fromTop;
    if (place >= 0 && isShared(place)) {
      const layer = first[place];
      if (layer === undefined || !isWanted(layer)) continue;
      const name = fileName(depth - fromTop, layer);
      files.set(`layers/${name}`, layer);
      lines.push(`ADD layers/${name} /`);
      continue;
    }
    let isAdded = false;
    for (const [platform, stack] of platforms) {
      const layer = stack[stack.length - fromTop];
      if (layer === undefined || !isWanted(layer)) continue;
      files.set(`layers/${ociPlatforms[platform].architecture}/${fileName(depth - fromTop, layer)}`, layer);
      isAdded = true;
    }
    // a pattern, because a platform that has no such layer must not fail
    if (isAdded) lines.push(`ADD layers/\${TARGETARCH}/${number(depth - fromTop)}-* /`);
  }
  return { files, lines, hasSeveral: lines.some((line) => line.includes('TARGETARCH')) };
}

function fileName(place: number, { role, descriptor }: ContextLayer): string {
  const endings: Readonly<Record<string, string>> = {
    [ociMediaTypes.layerGzip]: '.tar.gz',
    [ociMediaTypes.layerZstd]: '.tar.zst',
  };
  return `${number(place)}-${role}${endings[descriptor.mediaType] ?? '.tar'}`;
}

function number(place: number): string {
  return String(place + 1).padStart(2, '0');
}

interface DockerfileParts {
  readonly base: string;
  readonly steps: DockerfileSteps | undefined;
  readonly plan: LayerPlan;
  readonly config: ContainerConfig;
  /** For this one alone; otherwise Docker's TARGETARCH says for which. */
  readonly platform?: Platform;
}

function dockerfileOf({ base, steps, plan, config, platform }: DockerfileParts): string {
  const quoted = (text: string): string => JSON.stringify(text).replaceAll('$', String.raw`\$`);
  const hasArgument = plan.hasSeveral && platform === undefined;
  const health = (config.Healthcheck ?? {}) as { Test?: readonly string[] };
  const [kind, ...test] = health.Test ?? [];
  const lines = [
    '# Written by `edgewright model package --generate-dockerfile`.',
    ...(hasArgument ? ['# Several platforms need BuildKit, or --build-arg TARGETARCH=amd64, arm64 or arm.'] : []),
    platform === undefined ? `FROM ${base}` : `FROM --platform=${dockerPlatform(platform)} ${base}`,
    ...(steps === undefined ? [] : [steps.text.trimEnd()]),
    ...(hasArgument ? ['ARG TARGETARCH'] : []),
    ...plan.lines.map((line) =>
      platform === undefined ? line : line.replace('${TARGETARCH}', ociPlatforms[platform].architecture),
    ),
    ...(config.Env ?? []).map((text) => {
      const equals = text.indexOf('=');
      return `ENV ${text.slice(0, equals)}=${quoted(text.slice(equals + 1))}`;
    }),
    ...Object.entries(config.Labels ?? {}).map(([key, value]) => `LABEL ${quoted(key)}=${quoted(value)}`),
    ...Object.keys(config.ExposedPorts ?? {}).map((port) => `EXPOSE ${port}`),
    ...(config.WorkingDir === undefined ? [] : [`WORKDIR ${config.WorkingDir}`]),
    ...(config.User === undefined ? [] : [`USER ${config.User}`]),
    ...(kind === 'CMD'
      ? [`HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ${JSON.stringify(test)}`]
      : []),
    ...(config.Entrypoint == null ? [] : [`ENTRYPOINT ${JSON.stringify(config.Entrypoint)}`]),
    ...(config.Cmd == null ? [] : [`CMD ${JSON.stringify(config.Cmd)}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function dockerPlatform(platform: Platform): string {
  const { os, architecture, variant } = ociPlatforms[platform];
  return [os, architecture, variant].filter((part) => part !== undefined).join('/');
}

/** What iotedgedev and the extensions of editors read (schema version 0.0.1). */
function moduleFile(reference: string, platforms: readonly Platform[]): string {
  const { registry, repository, tag } = parseImageReference(reference);
  const description = {
    '$schema-version': '0.0.1',
    description: 'Written by edgewright',
    image: {
      repository: [registry, repository].filter((part) => part !== undefined).join('/'),
      tag: {
        version: tag,
        platforms: Object.fromEntries(platforms.map((platform) => [platform, `./Dockerfile.${platform}`])),
      },
      buildOptions: [],
      contextPath: './',
    },
    language: 'javascript',
  };
  return `${JSON.stringify(description, undefined, 2)}\n`;
}

/** Files that steps copy lie where the steps look for them. */
async function placeStepsFile(folder: string, file: BytesEntry, own: ReadonlyMap<string, string>): Promise<void> {
  if (own.has(file.path) || file.path.startsWith('layers/')) {
    throw new RangeError(`a file of the steps is called "${file.path}", as one of the context is`);
  }
  const target = path.join(folder, file.path);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, file.content);
}

async function placeLayer(layout: ImageLayout, { descriptor }: ContextLayer, target: string): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  const blob = layout.blobFile(descriptor.digest);
  await link(blob, target).catch(() => copyFile(blob, target));
}

function refused(directory: string, reason: string, cause?: unknown): PackagerError {
  return new PackagerError('LayoutUnusable', `cannot write the Docker context "${directory}": ${reason}`, {
    details: { directory, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}
