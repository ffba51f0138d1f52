import type { ErrorEntry } from './entry.ts';

/** Failures of reading the command line. */
export const cliErrors = {
  UsageInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The command line cannot be understood',
    remedy: 'Run the verb with --help for its flags and an example.',
  },
  SimulatorNotStarted: {
    fault: 'self',
    httpStatus: 500,
    meaning: 'The simulator did not start in the background',
    remedy: 'The message has the end of its log; start it without --detach to see more.',
  },
  Unexpected: {
    fault: 'self',
    httpStatus: 500,
    meaning: 'Something failed that edgewright did not foresee',
    remedy: 'Run again with --verbose for the stack trace, and report it with that output.',
  },
} as const satisfies Record<string, ErrorEntry>;
