import type { ErrorEntry } from './entry.ts';

/** Failures of building and checking deployment manifests. */
export const manifestsErrors = {
  TemplateVariableMissing: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A template names a variable or module that has no value',
    remedy: 'Give the value in .env, in the environment or with --set; the message lists every missing name.',
  },
  CreateOptionsTooLong: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The createOptions of a module do not fit into a deployment manifest',
    remedy: 'Take out what the image can say itself, such as environment variables and the command.',
  },
  SwitchInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'Hardware, limits or registries cannot be put into the template',
    remedy: 'The message says what stands against it; docs/manifests.md lists the switches.',
  },
  ImageDigestUnknown: {
    fault: 'user',
    httpStatus: 404,
    meaning: 'The digest of an image is not known, so it cannot be pinned',
    remedy: 'Build or push the image first, or check its name; registries need a login with `docker login`.',
  },
  SolutionExists: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'A new solution would overwrite files',
    remedy: 'Choose an empty folder, or remove the files that the message names.',
  },
  ManifestInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A deployment manifest has errors',
    remedy: 'Run `edgewright manifest lint FILE`; each finding names its place and remedy.',
  },
  ModuleUnknown: {
    fault: 'user',
    httpStatus: 404,
    meaning: 'A manifest does not have the module whose settings are to be changed, or has several and none was named',
    remedy: 'Name one of the modules that the message lists.',
  },
} as const satisfies Record<string, ErrorEntry>;
