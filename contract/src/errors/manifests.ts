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
  ManifestInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A deployment manifest has errors',
    remedy: 'Run `edgewright manifest lint FILE`; each finding names its place and remedy.',
  },
} as const satisfies Record<string, ErrorEntry>;
