import type { Platform } from '@edgewright/contract';

/**
 * What a layer is for, from the bottom up: the base image; Node.js; what runs models (native binaries or WebAssembly);
 * packages that the entry script imports; the scorer program; a model; the scoring configuration with the entry script.
 */
export type LayerRole = 'base' | 'node' | 'runtime' | 'dependencies' | 'scorer' | 'model' | 'app';

export interface LayerSummary {
  readonly role: LayerRole;
  readonly digest: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
}

export interface PlatformSummary {
  readonly platform: Platform;
  /** Digest of this platform's manifest. */
  readonly digest: string;
  /** The layers, the configuration and the manifest together. */
  readonly sizeBytes: number;
  readonly layers: readonly LayerSummary[];
}

/** An image in a layout. */
export interface ImageSummary {
  /** `NAME:TAG` */
  readonly reference: string;
  /** Digest of the image index. */
  readonly digest: string;
  readonly platforms: readonly PlatformSummary[];
  /** Everything that the image consists of, each blob counted once. */
  readonly totalBytes: number;
}
