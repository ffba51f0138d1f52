/** What a bundle consists of. */
export interface ScorerBundle {
  /** Paths of the files written, relative to the output folder, sorted. */
  readonly files: readonly string[];
}

/**
 * Bundles the scorer program and the engine's worker into a folder, from the sources of this repository: `main.mjs`,
 * `worker.mjs`, shared chunks and source maps. The packager puts them into images; a published package carries them
 * prebuilt, in `dist/scorer`.
 *
 * @throws PackagerError `RuntimePackageMissing` when the sources are not there
 */
export async function bundleScorer(outDirectory: string): Promise<ScorerBundle> {
  await Promise.resolve();
  throw new TypeError(`not there yet: ${outDirectory}`);
}
