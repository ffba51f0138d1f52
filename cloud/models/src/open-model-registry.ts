import type { ModelRegistry } from './model-registry.ts';

export interface OpenModelRegistryOptions {
  /** The clock; default the real one. */
  readonly now?: () => Date;
}

/**
 * Opens the registry in a folder, and makes it when it is not there.
 *
 * @throws ModelsError `RegistryUnusable`
 */
export async function openModelRegistry(
  directory: string,
  options: OpenModelRegistryOptions = {},
): Promise<ModelRegistry> {
  await Promise.resolve();
  throw new TypeError(`not there yet: ${directory} ${String(options.now)}`);
}
