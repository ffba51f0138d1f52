import type { ErrorEntry } from './entry.ts';

/** Failures of starting the scorer. */
export const scorerErrors = {
  ScoringConfigInvalid: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'The image has no valid scoring configuration',
    remedy: 'Build the image with edgewright; the message names the file and what is wrong.',
  },
} as const satisfies Record<string, ErrorEntry>;
