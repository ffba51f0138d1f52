export { buildManifest } from './build-manifest.ts';
export type { BuildManifestInput, BuiltManifest } from './build-manifest.ts';
export { lintCatalogue } from './lint/catalogue.ts';
export type { LintCode, LintEntry } from './lint/catalogue.ts';
export type { Finding, Severity } from './lint/finding.ts';
export { lintManifest } from './lint/lint-manifest.ts';
export type { ImageFacts, LintOptions } from './lint/lint-options.ts';
export { lintPage } from './lint/lint-page.ts';
export { ManifestsError } from './manifests-error.ts';
