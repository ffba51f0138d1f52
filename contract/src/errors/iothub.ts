import type { ErrorEntry } from './entry.ts';

/** Failures of talking to IoT Hub. */
export const iothubErrors = {
  ConnectionStringInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The connection string of the IoT Hub is not one',
    remedy: 'Copy it whole: HostName=…;SharedAccessKeyName=…;SharedAccessKey=….',
  },
  HubUnauthorized: {
    fault: 'user',
    httpStatus: 401,
    meaning: 'IoT Hub refused the credentials',
    remedy: 'Check the key and that its policy may write to the registry.',
  },
  DeviceNotFound: {
    fault: 'user',
    httpStatus: 404,
    meaning: 'IoT Hub has no such device, module or deployment',
    remedy: 'Check the name; create the device or deployment first.',
  },
  HubConflict: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'What was to be changed has been changed by somebody else meanwhile, or is there already',
    remedy: 'Look at it as it is now, and decide again; nothing was overwritten.',
  },
  HubRejected: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'IoT Hub refused the content',
    remedy: "The message carries the hub's own reason.",
  },
  ConditionInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A target condition is not one of IoT Hub',
    remedy: 'Mend it at the character that the message names; docs/fleets.md shows conditions.',
  },
  ContentInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The content of a deployment is not one of IoT Hub',
    remedy: 'Run `edgewright manifest lint FILE` on it.',
  },
  TagsInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'Tags are not ones that IoT Hub takes',
    remedy: 'Names have no blank, dot or $; a value has at most 4096 bytes, and all tags of a device 8 KB.',
  },
  RolloutRefused: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A rollout does not fit the fleet',
    remedy: 'Mend the rollout file as the message says; `edgewright rollout start FILE --dry-run` tries it.',
  },
  RolloutExists: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'There is a rollout of this name already',
    remedy: 'Choose another name; `edgewright rollout resume NAME` goes on with the one that is there.',
  },
  RolloutNotFound: {
    fault: 'user',
    httpStatus: 404,
    meaning: 'There is no rollout of this name in the workspace',
    remedy: 'The message lists those that there are.',
  },
  RolloutBusy: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'Another controller drives the rollout',
    remedy: 'Let it go on, or end it first; pause, abort and rollback reach it by themselves.',
  },
  RolloutActRefused: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'A rollout is not in a state in which this can be done to it',
    remedy: '`edgewright rollout status NAME` shows where it stands.',
  },
  RolloutPageFailed: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The page of rollouts cannot be served',
    remedy: 'Choose another port, or none: then any free one is taken.',
  },
  RolloutStoreInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The place for the state of rollouts is not one',
    remedy: 'Give the URL of a container: https://ACCOUNT.blob.core.windows.net/CONTAINER, with a SAS or without.',
  },
  RolloutStoreRefused: {
    fault: 'user',
    httpStatus: 403,
    meaning: 'Azure Blob storage refused the state of rollouts',
    remedy:
      'Check the SAS, AZURE_STORAGE_CONNECTION_STRING, or that this identity is Storage Blob Data Contributor; a SAS needs read, add, create, write and list.',
  },
  RolloutStoreUnavailable: {
    fault: 'remote',
    httpStatus: 503,
    meaning: 'Azure Blob storage could not be reached, or failed',
    remedy: 'Check the account and the network; `edgewright rollout resume NAME` goes on.',
  },
  MethodRefused: {
    fault: 'remote',
    httpStatus: 502,
    meaning: 'A module refused a direct method',
    remedy: "The message carries the module's own reason.",
  },
  HubUnavailable: {
    fault: 'remote',
    httpStatus: 503,
    meaning: 'IoT Hub could not be reached, or failed',
    remedy: 'Check the host name, the port and the network, and try again.',
  },
} as const satisfies Record<string, ErrorEntry>;
