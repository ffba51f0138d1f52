export { buildImage } from './build-image.ts';
export type { BuildImageOptions, PackagedModel } from './build-image.ts';
export { bundleScorer } from './bundle-scorer.ts';
export type { ScorerBundle } from './bundle-scorer.ts';
export type { ImageSummary, LayerRole, LayerSummary, PlatformSummary } from './image-summary.ts';
export { listImages } from './list-images.ts';
export { PackagerError } from './packager-error.ts';
