import type { ErrorEntry } from './entry.ts';

/** Failures of the edge host. */
export const edgeErrors = {
  HubUnreachable: {
    fault: 'remote',
    httpStatus: 503,
    meaning: 'edgeHub could not be reached in the time allowed',
    remedy: 'Check that edgeHub runs; the module tries again until its time is over, then exits to be restarted.',
  },
  HubConnectionLost: {
    fault: 'remote',
    httpStatus: 503,
    meaning: 'The SDK gave up its connection to edgeHub',
    remedy: 'The module exits with its documented code, and the edge agent starts it again.',
  },
  MessageRejected: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A message could not be scored and was sent to the error output',
    remedy: 'The message on the error output carries the reason and the original ids.',
  },
  OutputTooLarge: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A result is larger than a message may be',
    remedy: 'Return less from the entry script: a message holds 256 KB with its properties.',
  },
  SettingsInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: "The module's desired properties are not valid",
    remedy: 'Mend the desired properties; the former ones stay in force.',
  },
} as const satisfies Record<string, ErrorEntry>;
