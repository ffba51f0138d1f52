import type { ErrorEntry } from './entry.ts';

/** Failures of building and checking deployment manifests. */
export const manifestsErrors = {
  TemplateVariableMissing: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A template names a variable or module that has no value',
    remedy: 'Give the value in .env, in the environment or with --set; the message lists every missing name.',
  },
  ManifestInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A deployment manifest has errors',
    remedy: 'Run `edgewright manifest lint FILE`; each finding names its place and remedy.',
  },
} as const satisfies Record<string, ErrorEntry>;
