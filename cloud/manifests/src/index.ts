export { buildManifest } from './build-manifest.ts';
export type { BuildManifestInput, BuiltManifest } from './build-manifest.ts';
export type { Finding, Severity } from './finding.ts';
export { lintManifest } from './lint-manifest.ts';
export type { LintOptions } from './lint-manifest.ts';
export { ManifestsError } from './manifests-error.ts';
