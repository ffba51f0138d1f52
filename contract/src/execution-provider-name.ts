import type { ExecutionProvider } from './execution-provider.ts';

/** The name of a provider, with or without options. */
export function executionProviderName(provider: ExecutionProvider): string {
  return typeof provider === 'string' ? provider : provider.name;
}
