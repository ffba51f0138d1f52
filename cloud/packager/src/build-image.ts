import type { EventSink, InferenceConfig, Model, Platform } from '@edgewright/contract';
import type { ImageSummary } from './image-summary.ts';

/** A registered model and the folder that holds its files. */
export interface PackagedModel {
  readonly model: Model;
  readonly directory: string;
}

export interface BuildImageOptions {
  readonly models: readonly PackagedModel[];
  readonly config: InferenceConfig;
  /** The folder that relative paths in `config` start from: the one of the configuration file. */
  readonly configDirectory: string;
  /** An OCI image layout, made when it is not there. */
  readonly layoutDirectory: string;
  /** `NAME:TAG`; the name may start with a registry. An image of the same name and tag is replaced. */
  readonly tag: string;
  /** Default: those of `config`, else all. */
  readonly platforms?: readonly Platform[];
  /** Keeps layers and fetched packages for later builds; default: `cache` beside the layout. */
  readonly cacheDirectory?: string;
  readonly emit?: EventSink;
  readonly signal?: AbortSignal;
}

/**
 * Builds one image index for several platforms, without a daemon and without running code of the target. The same inputs
 * give the same digest, on any machine and at any time.
 *
 * @throws PackagerError `EntryScriptInvalid`, `PlatformNotPossible`, `BaseImageInvalid`, `RuntimePackageMissing`,
 *   `ImageInvalid`
 */
export async function buildImage(options: BuildImageOptions): Promise<ImageSummary> {
  await Promise.resolve();
  throw new TypeError(`not there yet: ${options.tag}`);
}
