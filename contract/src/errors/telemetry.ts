import type { ErrorEntry } from './entry.ts';

/** Failures of metrics and logs. */
export const telemetryErrors = {
  TelemetryInvalid: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'A telemetry setting is not valid',
    remedy: 'The message names the setting, its value and what is allowed.',
  },
} as const satisfies Record<string, ErrorEntry>;
