import type { ErrorEntry } from './entry.ts';

/** Failures of loading a model and of scoring. */
export const engineErrors = {
  BackendUnavailable: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'The backend that was asked for cannot run here',
    remedy: 'Choose one of the backends that the message lists as available, or `auto`.',
  },
  ModelNotLoadable: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'The backend refused the model',
    remedy: 'The message carries the reason of the runtime; export the model for an operator set that it knows.',
  },
  EntryScriptNotLoadable: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'The entry script could not be loaded, or its init() failed',
    remedy: 'The message carries the reason and the place in the script.',
  },
  InputInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The input does not fit the model',
    remedy: 'Send the names, shapes and types that the model declares; the message compares both.',
  },
  PictureInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The image cannot be read, or is larger than the limit',
    remedy: 'Send a whole JPEG, PNG or WebP file with fewer pixels than the limit that the message names.',
  },
  ImageSettingsInvalid: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'What was declared of images or labels does not fit the model',
    remedy: 'Mend `preprocess` or `postprocess`; the message compares them with what the model declares.',
  },
  ImagesUnavailable: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'The library that reads images is not there',
    remedy: 'Install the package sharp for this platform, or send tensors instead of images.',
  },
  WarmUpFailed: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'A sample that was given for the warm-up could not be scored',
    remedy: 'Mend the sample, the entry script or the model; what scored before goes on scoring.',
  },
  SwapInProgress: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'Other models are being loaded to take over',
    remedy: 'Wait until that swap is over, and ask again.',
  },
  EntryScriptFailed: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'run() of the entry script threw an error',
    remedy: 'The log has the stack trace under the same request id.',
  },
  ScoringFailed: {
    fault: 'self',
    httpStatus: 500,
    meaning: 'The runtime failed while running the model',
    remedy: 'The message carries the reason of the runtime.',
  },
  AcceleratorFailed: {
    fault: 'remote',
    httpStatus: 502,
    meaning: 'The remote accelerator that runs the model failed, refused, or cannot be reached',
    remedy: 'The message names its address, the gRPC status, and what to check in the *.remote.json file.',
  },
  ScoringTimeout: {
    fault: 'self',
    httpStatus: 504,
    meaning: 'Scoring took longer than its deadline',
    remedy: 'Raise the deadline, give the model more threads, or make it smaller.',
  },
  WorkerLost: {
    fault: 'self',
    httpStatus: 502,
    meaning: 'The worker ended while it scored: a script that exited, a model that crashed, or memory over the limit',
    remedy: 'The worker is replaced by itself; the message says how it ended, and the log what it did before.',
  },
  QueueFull: {
    fault: 'self',
    httpStatus: 503,
    meaning: 'More requests wait than the queue may hold',
    remedy: 'Send less, or add workers or replicas; try again after a moment.',
  },
  EngineClosed: {
    fault: 'self',
    httpStatus: 503,
    meaning: 'The engine is shutting down and takes no more work',
    remedy: 'Send the request to another replica.',
  },
} as const satisfies Record<string, ErrorEntry>;
