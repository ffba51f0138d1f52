import type { ErrorEntry } from './entry.ts';

/** Failures of the REST host. */
export const webErrors = {
  PortInUse: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'The port to listen on is taken by another program, or not allowed',
    remedy: 'Choose another port, or 0 for any free one.',
  },
  RequestInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A request cannot be understood',
    remedy: 'The message names the part of the request and what was expected.',
  },
} as const satisfies Record<string, ErrorEntry>;
