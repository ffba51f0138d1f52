import type { OciDescriptor, OciImageConfig, Platform } from '@edgewright/contract';
import type { ImageLayout } from '../layout/image-layout.ts';

/** A layer of a base image. */
export interface BaseLayer {
  /** With an OCI media type, also where the base has Docker's. */
  readonly descriptor: OciDescriptor;
  readonly diffId: string;
}

/** A base image on one platform, its lowest layer first. */
export interface BasePlatform {
  readonly layers: readonly BaseLayer[];
  /** Undefined when the base is empty. */
  readonly config?: OciImageConfig;
}

/** What an image is built on. */
export interface BaseImage {
  /** As the user wrote it. */
  readonly name: string;
  /** Digest of the index or manifest; undefined when the base is empty. */
  readonly digest?: string;
  readonly platforms: ReadonlyMap<Platform, BasePlatform>;
  /** Brings a layer into a layout and checks its digest. */
  include(layer: BaseLayer, layout: ImageLayout, signal?: AbortSignal): Promise<'copied' | 'present'>;
}
