import { isEdgewrightError } from '@edgewright/contract';
import type { ErrorCodeOf, ErrorDetails } from '@edgewright/contract';
import { SimulatorError } from '../simulator-error.ts';

/**
 * The error codes of IoT Hub's service API that the simulated hub gives, with the numbers that its newer bodies carry and
 * the code of ours that stands for them. The HTTP status is the number's first three digits.
 */
const faults = {
  InvalidOperation: { number: 400_003, code: 'SimulatorRequestInvalid' },
  ArgumentInvalid: { number: 400_004, code: 'SimulatorRequestInvalid' },
  IotHubUnauthorizedAccess: { number: 401_002, code: 'SimulatedHubUnauthorized' },
  DeviceMaximumQueueDepthExceeded: { number: 403_004, code: 'SimulatedHubQuotaExceeded' },
  TooManyDevices: { number: 403_005, code: 'SimulatedHubQuotaExceeded' },
  TooManyModulesOnDevice: { number: 403_009, code: 'SimulatedHubQuotaExceeded' },
  ConfigurationCountLimitExceeded: { number: 403_010, code: 'SimulatedHubQuotaExceeded' },
  DeviceNotFound: { number: 404_001, code: 'SimulatedDeviceNotFound' },
  JobNotFound: { number: 404_002, code: 'SimulatedDeviceNotFound' },
  ModuleNotFound: { number: 404_010, code: 'SimulatedDeviceNotFound' },
  ConfigurationNotFound: { number: 404_011, code: 'SimulatedDeviceNotFound' },
  DeviceNotOnline: { number: 404_103, code: 'SimulatedTargetOffline' },
  DeviceAlreadyExists: { number: 409_001, code: 'SimulatedDeviceExists' },
  ModuleAlreadyExistsOnDevice: { number: 409_301, code: 'SimulatedDeviceExists' },
  ConfigurationAlreadyExists: { number: 409_302, code: 'SimulatedDeviceExists' },
  PreconditionFailed: { number: 412_001, code: 'SimulatedHubConflict' },
  DeviceMessageLockLost: { number: 412_002, code: 'SimulatedHubConflict' },
  RequestEntityTooLarge: { number: 413_001, code: 'SimulatorRequestTooLarge' },
  ThrottlingException: { number: 429_001, code: 'SimulatedHubThrottled' },
  ServerError: { number: 500_001, code: 'SimulatorFailed' },
  GatewayTimeout: { number: 504_101, code: 'SimulatedTargetTimeout' },
} as const satisfies Record<string, { number: number; code: ErrorCodeOf<'simulator'> }>;

export type HubFaultName = keyof typeof faults;

/** An error that the service API can pass on under IoT Hub's own name: the details carry it as `hubError`. */
export function hubFault(hubError: HubFaultName, message: string, details: ErrorDetails = {}): SimulatorError {
  return new SimulatorError(faults[hubError].code, message, { details: { ...details, hubError } });
}

/** What the service API answers: IoT Hub's name, number and HTTP status of any failure. */
export function hubFaultOf(thrown: unknown): { hubError: HubFaultName; number: number; httpStatus: number } {
  const hubError = nameOf(thrown);
  const { number } = faults[hubError];
  return { hubError, number, httpStatus: Math.floor(number / 1000) };
}

function nameOf(thrown: unknown): HubFaultName {
  if (!isEdgewrightError(thrown)) return 'ServerError';
  const named = thrown.details['hubError'];
  if (typeof named === 'string' && named in faults) return named as HubFaultName;
  if (thrown.code === 'SimulatorRequestTooLarge') return 'RequestEntityTooLarge';
  return thrown.fault === 'user' ? 'ArgumentInvalid' : 'ServerError';
}
