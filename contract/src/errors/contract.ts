import type { ErrorEntry } from './entry.ts';

/** Failures of reading what is written in one of the contract's forms. */
export const contractErrors = {
  FileNotReadable: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A file that was named cannot be read',
    remedy: 'Check the path and the permissions; the message names the file and the reason.',
  },
  InvalidJson: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A text that should be JSON is not',
    remedy: 'Mend the text at the line and column given.',
  },
  InvalidDocument: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A document does not follow its schema',
    remedy: 'Each issue names the JSON path, the value found and what was expected; mend those places.',
  },
  InvalidReference: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A name, version or other reference has the wrong form',
    remedy: 'Write it in the form that the message shows.',
  },
  InvalidRoute: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A route does not compile',
    remedy: 'The message points at the place; docs/routes.md describes the language.',
  },
} as const satisfies Record<string, ErrorEntry>;
