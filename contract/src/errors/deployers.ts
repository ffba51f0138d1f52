import type { ErrorEntry } from './entry.ts';

/** Failures of deploying services. */
export const deployersErrors = {
  DeploymentConfigInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The keys of a deployment configuration contradict each other, or ask for what the target does not have',
    remedy: 'The message names the key; docs/deployment-configuration.md has the rules.',
  },
} as const satisfies Record<string, ErrorEntry>;
