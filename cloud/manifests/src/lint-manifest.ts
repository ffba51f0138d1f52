import { ManifestsError } from './manifests-error.ts';
import type { Finding } from './finding.ts';

export interface LintOptions {
  /** What the manifest is called in messages: its file name. */
  readonly source: string;
}

/**
 * Checks a manifest: its schema, and whether it makes sense.
 *
 * @param manifest the parsed document, or its text
 * @returns findings in the order of their places; none for a manifest that is right
 */
export function lintManifest(manifest: unknown, options: LintOptions): Finding[] {
  throw new ManifestsError('ManifestInvalid', `cannot lint ${options.source} (${typeof manifest}): not built yet`);
}
