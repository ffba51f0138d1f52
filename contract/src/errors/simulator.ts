import type { ErrorEntry } from './entry.ts';

/** Failures of the simulator. */
export const simulatorErrors = {
  SimulatorPortInUse: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'A port that the simulator should listen on is taken, or not allowed',
    remedy: 'Choose another port, or 0 for any free one.',
  },
  SimulatorNotRunning: {
    fault: 'user',
    httpStatus: 503,
    meaning: 'No simulator runs with this state folder',
    remedy: 'Start one with `edgewright sim start`, or name its state folder with --state.',
  },
  SimulatorAlreadyRunning: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'A simulator already runs with this state folder',
    remedy: 'Use that one, stop it with `edgewright sim stop`, or choose another --state folder.',
  },
  SimulatedDeviceNotFound: {
    fault: 'user',
    httpStatus: 404,
    meaning: 'The simulated hub has no such device, module or configuration',
    remedy: 'Run `edgewright sim device list`.',
  },
  SimulatedDeviceExists: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'The simulated hub already has a device, module or configuration of this id',
    remedy: 'Choose another id, or use the one that exists.',
  },
  SimulatedHubUnauthorized: {
    fault: 'user',
    httpStatus: 401,
    meaning: 'The simulated hub refused the credentials',
    remedy:
      'The message says what is wrong with the token; take the connection string that `edgewright sim start` prints.',
  },
  SimulatedHubConflict: {
    fault: 'user',
    httpStatus: 412,
    meaning: 'What should be changed has been changed by someone else in between',
    remedy: 'Read it again, and write it with the new ETag.',
  },
  SimulatedHubQuotaExceeded: {
    fault: 'user',
    httpStatus: 403,
    meaning: 'One more would be over a limit that IoT Hub has',
    remedy: 'The message names the limit; remove something first.',
  },
  SimulatedHubThrottled: {
    fault: 'remote',
    httpStatus: 429,
    meaning: 'The simulated hub was told to refuse requests for a while',
    remedy: 'Wait as long as the Retry-After header says, and try again.',
  },
  SimulatedTargetOffline: {
    fault: 'user',
    httpStatus: 404,
    meaning: 'The target of a direct method is not connected',
    remedy: 'Check that the module runs and listens for methods, or give a connect timeout.',
  },
  SimulatedTargetTimeout: {
    fault: 'remote',
    httpStatus: 504,
    meaning: 'The target of a direct method did not answer in time',
    remedy: 'Look into its log, or give a longer response timeout.',
  },
  SimulatorRequestInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The simulator was asked for something in the wrong form',
    remedy: 'The message names the part and what was expected.',
  },
  SimulatorRequestTooLarge: {
    fault: 'user',
    httpStatus: 413,
    meaning: 'A request to the simulator is larger than it takes',
    remedy: 'Send less at once; the message names the limit.',
  },
  ModuleImageUnusable: {
    fault: 'user',
    httpStatus: 400,
    meaning: "A module's image cannot be fetched or started on this machine",
    remedy: 'Build the image for this platform, and check the image reference in the manifest.',
  },
  SimulatorFailed: {
    fault: 'self',
    httpStatus: 500,
    meaning: 'The simulator could not do what it was asked',
    remedy: 'The message carries the reason; its log has more.',
  },
} as const satisfies Record<string, ErrorEntry>;
