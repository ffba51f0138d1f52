import type { ErrorEntry } from './entry.ts';

/** Failures of starting the scorer. */
export const scorerErrors = {
  ScoringConfigInvalid: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'The image has no valid scoring configuration',
    remedy: 'Build the image with edgewright; the message names the file and what is wrong.',
  },
  EnvironmentInvalid: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'An environment variable of the scorer has a value that it cannot have, or is missing',
    remedy: 'docs/edge-module.md lists the variables; the message names the one and what was expected.',
  },
} as const satisfies Record<string, ErrorEntry>;
