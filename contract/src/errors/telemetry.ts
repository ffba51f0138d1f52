import type { ErrorEntry } from './entry.ts';

/** Failures of metrics and logs. */
export const telemetryErrors = {
  TelemetryInvalid: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'A telemetry setting is not valid',
    remedy: 'The message names the setting, its value and what is allowed.',
  },
  TelemetryNotTaken: {
    fault: 'remote',
    httpStatus: 503,
    meaning: 'Application Insights did not take what was sent to it',
    remedy:
      'The message names the status and the reason. Scoring goes on; what was not taken is lost, and counted in telemetry_lost_total. ' +
      'A status of 400 or 401 says that the connection string is of another resource.',
  },
} as const satisfies Record<string, ErrorEntry>;
