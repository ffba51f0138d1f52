export { ManifestsError } from './manifests-error.ts';
