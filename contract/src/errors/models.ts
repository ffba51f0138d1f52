import type { ErrorEntry } from './entry.ts';

/** Failures of the model registry. */
export const modelsErrors = {
  ModelNotFound: {
    fault: 'user',
    httpStatus: 404,
    meaning: 'No registered model fits the reference',
    remedy: 'Run `edgewright model list` to see what is registered, and check the workspace folder.',
  },
  ModelInputInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'What was said about a model, or asked of the registry, is not allowed',
    remedy: 'Mend the value that the message names.',
  },
  ModelInUse: {
    fault: 'user',
    httpStatus: 412,
    meaning: 'A model cannot be deleted while images or services use it',
    remedy: 'Delete the services first, then the images, then the model; the message names them.',
  },
  RunNotFound: {
    fault: 'user',
    httpStatus: 404,
    meaning: 'MLflow has no such run, experiment or artifact',
    remedy: 'Check --run-id, --experiment-name, --asset-path and the tracking store that the message names.',
  },
  TrackingStoreFailed: {
    fault: 'remote',
    httpStatus: 502,
    meaning: 'The tracking store of MLflow cannot be read',
    remedy:
      'Check the address or folder, and MLFLOW_TRACKING_TOKEN or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.',
  },
  TargetExists: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'A file that a download would write is there already',
    remedy: 'Choose another folder, or allow files to be replaced.',
  },
  ModelFileInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A file given as a model is not one, or not of the format that its name says',
    remedy: 'Export the model again; the message says what was found in its place.',
  },
  ModelCorrupted: {
    fault: 'self',
    httpStatus: 500,
    meaning: 'A stored model no longer has the digest under which it was stored',
    remedy: 'Register the model again from its source; the disk may be failing.',
  },
  RegistryUnusable: {
    fault: 'self',
    httpStatus: 500,
    meaning: 'The model registry in the workspace folder cannot be opened or written',
    remedy: 'Check the folder, its permissions and the free space.',
  },
  RegistryPlaceInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'What was given as the place of the model registry is none',
    remedy: 'Give a folder, azblob://ACCOUNT/CONTAINER or oci://HOST/REPOSITORY.',
  },
  ModelStoreRefused: {
    fault: 'user',
    httpStatus: 403,
    meaning: 'The store of models refuses what was asked of it',
    remedy: 'Check the account, the container and who you are; the message holds what the store said.',
  },
  ModelStoreFailed: {
    fault: 'remote',
    httpStatus: 502,
    meaning: 'The store of models does not answer, or fails again and again',
    remedy: 'Try again later; what was already sent is not sent again.',
  },
} as const satisfies Record<string, ErrorEntry>;
