import type { ErrorEntry } from './entry.ts';

/** Failures of collecting inputs and predictions. None of them reaches a request. */
export const collectionErrors = {
  CollectionInvalid: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'What is to be collected, or where it is to go, is not said in a way that can be followed',
    remedy: 'The message names the setting and what is missing; docs/data-collection.md lists them all.',
  },
  CollectionBufferUnusable: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'The buffer of collected rows cannot be opened or written',
    remedy: 'Give a folder that can be written, with room on its disk.',
  },
  CollectionUploadFailed: {
    fault: 'remote',
    httpStatus: 502,
    meaning: 'Collected rows could not be written to their destination; they stay in the buffer',
    remedy: 'It is tried again by itself. The message has the reason: the network, the credential or the container.',
  },
} as const satisfies Record<string, ErrorEntry>;
