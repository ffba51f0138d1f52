import type { ErrorEntry } from './entry.ts';

/** Failures of the workspace facade. */
export const workspaceErrors = {
  BatchIncomplete: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'It is not said what a batch job is called, what it scores, or with which model',
    remedy: 'Give the flag that the message names, or the key of the batch configuration.',
  },
  BatchExists: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'There is a batch job of that name already',
    remedy: 'Resume it, replace it with --overwrite once it has ended, or choose another name.',
  },
  BatchNotFound: {
    fault: 'user',
    httpStatus: 404,
    meaning: 'There is no batch job of that name in this workspace',
    remedy: 'Run `edgewright batch list`.',
  },
  FolderNotEmpty: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'Files were to be written into a folder that holds others',
    remedy: 'Choose an empty folder, or give --overwrite.',
  },
  WorkspaceUnusable: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The workspace folder cannot be used',
    remedy: 'Check the path and the permissions, or choose another folder with --workspace.',
  },
  VariableMissing: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A configuration refers to a variable of the environment that is not set',
    remedy: 'Set the variable that the message names.',
  },
  KeyNotWritten: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'A new key for signatures cannot be written',
    remedy: 'Choose a name that is free, in a folder that can be written; keys are never overwritten.',
  },
  ManifestRefused: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A deployment manifest has errors and was not pushed',
    remedy: 'Run `edgewright manifest lint FILE`; each finding names its place and its remedy.',
  },
  ProfileInputInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'What is asked of a profile cannot be done',
    remedy: 'The message says what to change; `edgewright model profile --help` has an example.',
  },
  BaseImageMissing: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A service is to run as a container, and its image would have no C library for Node.js',
    remedy:
      'Name a `baseImage` in the inference configuration, such as debian:12-slim or an OCI layout; docs/images.md says which.',
  },
  EngineImageMissing: {
    fault: 'user',
    httpStatus: 404,
    meaning: 'A service is to run an image as a container that the Docker Engine does not have',
    remedy: 'Pull it into the engine first, or leave --image out to have one built.',
  },
  ComputeTargetMissing: {
    fault: 'user',
    httpStatus: 400,
    meaning:
      'It is not said to which cluster or resource group a service is to be deployed, or where its image can be pushed',
    remedy: 'Attach one with `edgewright computetarget attach`, and name it with --ct.',
  },
  ReportEmpty: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'There is nothing that a report could be written about',
    remedy: 'Name collected data, metrics or devices, and check the model and the times.',
  },
  ReportTooLarge: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A report would be of more rows than are held in memory',
    remedy: 'Choose a time with --since and --until, or one model with --model.',
  },
  ServiceUnreachable: {
    fault: 'remote',
    httpStatus: 502,
    meaning: 'A service does not answer at its address',
    remedy: 'Look at `edgewright service show` and `edgewright service get-logs`.',
  },
  ServiceRefused: {
    fault: 'user',
    httpStatus: 502,
    meaning: 'A service answered a request with an error',
    remedy: 'The message has its answer; the log of the service has more under the same request id.',
  },
  NothingToSave: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'No way to run the model keeps to the bounds, so that no settings were written',
    remedy:
      'Loosen the bounds, give more time, or use a smaller model; the page and the table show how far each way is off.',
  },
} as const satisfies Record<string, ErrorEntry>;
