import { existsSync } from 'node:fs';

/**
 * The names of the services that were deployed with a model, also of those that do not run now.
 *
 * @param directory the workspace's folder for services
 * @param modelId `NAME:VERSION`
 */
export async function servicesWithModel(directory: string, modelId: string): Promise<readonly string[]> {
  if (!existsSync(directory)) return [];
  const { ServiceStore } = await import('@edgewright/deployers');
  using store = new ServiceStore(directory);
  const specs = [...store.list(), ...store.listEndpoints().flatMap(({ versions }) => versions)].map(({ spec }) => spec);
  return specs
    .filter(({ models }) => models.includes(modelId))
    .map(({ name }) => name)
    .sort();
}
