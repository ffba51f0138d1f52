import { imageAnnotations, imagePaths, ociPlatforms } from '@edgewright/contract';
import type { InferenceConfig, Model, OciImageConfig, Platform } from '@edgewright/contract';
import type { BaseImage, BasePlatform } from '../base/base-image.ts';
import type { ImageReference } from '../image-reference.ts';
import { modelFolder } from '../layers/app-layers.ts';
import { wantsGpu } from './check-gpu.ts';

/** The time that stands for "at no particular time": an image must not show when it was built. */
const NO_TIME = '1970-01-01T00:00:00Z';
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const SCORING_PORT = 5001;
/** Where IoT Edge's metrics collector asks; open only when the image runs as a module. */
const METRICS_PORT = 9600;
/** Engines hand labels out with every list of images. */
const MAX_SCHEMA_CHARACTERS = 16_384;
const NANOSECONDS = 1_000_000_000;
/** With these NVIDIA's container toolkit lets a container use GPUs, and brings the driver's libraries for computing. */
const GPU_VARIABLES = [
  ['NVIDIA_VISIBLE_DEVICES', 'all'],
  ['NVIDIA_DRIVER_CAPABILITIES', 'compute,utility'],
] as const;
/** Where nothing answers Node.js itself ends with 1, and says why, which engines keep in the log of checks. */
const HEALTH_SCRIPT = "fetch('http://127.0.0.1:'+(process.env.PORT||5001)+'/').then(r=>process.exit(+!r.ok))";

export interface ImageFacts {
  readonly reference: ImageReference;
  readonly models: readonly Model[];
  readonly config: InferenceConfig;
  readonly base: BaseImage;
  /** The version of edgewright. */
  readonly version: string;
}

/** A layer above the base. */
export interface ConfiguredLayer {
  readonly diffId: string;
  /** Says in the image's history what the layer is. */
  readonly title: string;
}

type ContainerConfig = NonNullable<OciImageConfig['config']>;

/** The configuration of an image on one platform: what the base says, and on top of it how the scorer is started. */
export function imageConfigOf(
  facts: ImageFacts,
  platform: Platform,
  { base, layers }: { readonly base: BasePlatform; readonly layers: readonly ConfiguredLayer[] },
): OciImageConfig {
  return {
    created: NO_TIME,
    ...ociPlatforms[platform],
    config: containerConfig(facts, base.config?.config ?? {}),
    rootfs: {
      type: 'layers',
      diff_ids: [...base.layers.map((layer) => layer.diffId), ...layers.map((layer) => layer.diffId)],
    },
    history: [
      ...(base.config?.history ?? []),
      ...layers.map((layer) => ({ created_by: `edgewright: ${layer.title}` })),
    ],
  };
}

function containerConfig(facts: ImageFacts, base: ContainerConfig): ContainerConfig {
  const ports = { [`${SCORING_PORT}/tcp`]: {}, [`${METRICS_PORT}/tcp`]: {} };
  return {
    ...base,
    // a number, because no base image has to know a name for it; it owns nothing in the image
    User: '1000',
    Env: environment(base.Env ?? [], facts),
    Entrypoint: ['node', `${imagePaths.appRoot}/${imagePaths.main}`],
    // the base's arguments were meant for another program
    Cmd: null,
    WorkingDir: imagePaths.appRoot,
    Labels: { ...base.Labels, ...labelsOf(facts), ...schemaLabel(facts.models) },
    ExposedPorts: { ...base.ExposedPorts, ...ports },
    Healthcheck: {
      Test: ['CMD', 'node', '-e', HEALTH_SCRIPT],
      Interval: 30 * NANOSECONDS,
      Timeout: 10 * NANOSECONDS,
      StartPeriod: 60 * NANOSECONDS,
      Retries: 3,
    },
  };
}

/** What the models take and give: a label of the configuration alone, as annotations of every manifest would repeat it. */
function schemaLabel(models: readonly Model[]): Record<string, string> {
  const told = models.flatMap(({ name, signature }) => (signature === undefined ? [] : [[name, signature] as const]));
  const text = JSON.stringify(Object.fromEntries(told));
  return told.length === 0 || text.length > MAX_SCHEMA_CHARACTERS ? {} : { [imageAnnotations.schema]: text };
}

/** Azure's variables. With one model its folder is named, with several the one that holds them all. */
function environment(base: readonly string[], { models, config }: ImageFacts): string[] {
  const [only] = models;
  const modelDirectory = only !== undefined && models.length === 1 ? modelFolder(only) : imagePaths.models;
  const variables = new Map([['PATH', DEFAULT_PATH]]);
  for (const text of base) variables.set(text.split('=', 1)[0] ?? '', text.slice(text.indexOf('=') + 1));
  variables.set('NODE_ENV', 'production');
  if (wantsGpu(config)) for (const [name, value] of GPU_VARIABLES) variables.set(name, value);
  variables.set('AML_APP_ROOT', imagePaths.appRoot);
  variables.set('AZUREML_MODEL_DIR', `${imagePaths.appRoot}/${modelDirectory}`);
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

/** Labels of an image, which are also the annotations of its index; manifests do not repeat what their configuration says. */
export function labelsOf(facts: ImageFacts): Record<string, string> {
  const { base, config, models, reference, version } = facts;
  return {
    'org.opencontainers.image.title': reference.repository.split('/').at(-1) ?? reference.repository,
    'org.opencontainers.image.version': reference.tag,
    ...(config.description === undefined ? {} : { 'org.opencontainers.image.description': config.description }),
    ...(base.digest === undefined ? {} : { 'org.opencontainers.image.base.digest': base.digest }),
    [imageAnnotations.model]: models.map((model) => model.id).join(','),
    [imageAnnotations.backend]: [config.backend ?? 'auto'].flat().join(','),
    [imageAnnotations.builder]: version,
  };
}
