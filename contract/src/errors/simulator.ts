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
    meaning: 'The simulated hub has no such device or module',
    remedy: 'Run `edgewright sim device list`.',
  },
  SimulatedDeviceExists: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'The simulated hub already has a device or module of this id',
    remedy: 'Choose another id, or use the one that exists.',
  },
  SimulatorRequestInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The simulator was asked for something in the wrong form',
    remedy: 'The message names the part and what was expected.',
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
