import type { ErrorEntry } from './entry.ts';

/** Failures of finding out how a model runs best. */
export const tuneErrors = {
  TuneInputInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'What tuning was asked for cannot be done with this model or on this machine',
    remedy: 'The message names what is wrong; docs/tuning.md has what there is to say.',
  },
  DefaultNotMeasurable: {
    fault: 'user',
    httpStatus: 400,
    meaning:
      'The model, as it is served now, does not load or does not score the samples, so that nothing can be compared with it',
    remedy: 'Serve the model and score a request first; give samples that it takes, where made ones do not do.',
  },
} as const satisfies Record<string, ErrorEntry>;
