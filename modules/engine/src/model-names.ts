import type { LoadedModel } from './engine.ts';

/** Models as people write them: `digits:1`. */
export function modelNames(models: readonly Pick<LoadedModel, 'name' | 'version'>[]): string[] {
  return models.map(({ name, version }) => `${name}:${version}`);
}
