import type { ErrorEntry } from './entry.ts';

/** Failures of comparing live data with the training data. */
export const driftErrors = {
  BaselineUnusable: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The baseline of a model cannot be read; it scores all the same, and drift is not watched',
    remedy: 'Register the model again with --baseline; the message says what is wrong with the file.',
  },
} as const satisfies Record<string, ErrorEntry>;
