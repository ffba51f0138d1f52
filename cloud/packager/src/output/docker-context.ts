import { copyFile, link, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { messageOf, ociMediaTypes, ociPlatforms, OciManifestSchema, OciIndexSchema } from '@edgewright/contract';
import type { OciDescriptor, OciImageConfig, OciIndex, OciManifest, Platform } from '@edgewright/contract';
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
 * starts and scores as the image does, and may be changed by further steps; its digest is another one.
 *
 * @throws PackagerError `ImageNotFound`, `ImageInvalid`, `LayoutUnusable`
 */
export async function writeDockerContext(options: DockerContextOptions): Promise<DockerContext> {
  const { layout, descriptor } = await findImage(options.layoutDirectory, options.image);
  const details = await showImage(options.layoutDirectory, options.image);
  const isRemote = !/^(?:scratch$|oci:|docker-archive:)/.test(options.baseImage);
  const stacks = await readStacks(layout, descriptor, details);
  const plan = planLayers(stacks, (layer) => !isRemote || layer.role !== 'base');
  const target = path.resolve(options.directory);
  const staged = `${target}-${randomUUID()}`;
  try {
    await requireFree(target);
    for (const [place, layer] of plan.files) await placeLayer(layout, layer, path.join(staged, place));
    const config = details.configs[0]?.config.config ?? {};
    await writeFile(
      path.join(staged, 'Dockerfile'),
      dockerfileOf(isRemote ? options.baseImage : 'scratch', plan, config),
    );
    await rm(target, { recursive: true, force: true });
    await rename(staged, target);
  } catch (cause) {
    if (cause instanceof PackagerError) throw cause;
    throw refused(target, messageOf(cause), cause);
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
  return { directory: target, files: ['Dockerfile', ...plan.files.keys()] };
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

function dockerfileOf(base: string, plan: LayerPlan, config: ContainerConfig): string {
  const quoted = (text: string): string => JSON.stringify(text).replaceAll('$', String.raw`\$`);
  const health = (config.Healthcheck ?? {}) as { Test?: readonly string[] };
  const [kind, ...test] = health.Test ?? [];
  const lines = [
    '# Written by `edgewright model package --generate-dockerfile`.',
    ...(plan.hasSeveral ? ['# Several platforms need BuildKit, or --build-arg TARGETARCH=amd64, arm64 or arm.'] : []),
    `FROM ${base}`,
    ...(plan.hasSeveral ? ['ARG TARGETARCH'] : []),
    ...plan.lines,
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
