import type { ErrorEntry } from './entry.ts';

/** Failures of the edge host. */
export const edgeErrors = {
  HubUnreachable: {
    fault: 'remote',
    httpStatus: 503,
    meaning: 'edgeHub could not be reached in the time allowed',
    remedy: 'Check that edgeHub runs; the module tries again until its time is over, then exits to be restarted.',
  },
  HubConnectionLost: {
    fault: 'remote',
    httpStatus: 503,
    meaning: 'The connection to edgeHub ended while something depended on it',
    remedy: 'Nothing to do: the module connects anew, and edgeHub delivers again what was not acknowledged.',
  },
  HubTimeout: {
    fault: 'remote',
    httpStatus: 504,
    meaning: 'edgeHub did not answer a request in time',
    remedy: 'Check the load and the disk of the device; the module connects anew when it happens twice in a row.',
  },
  HubRefused: {
    fault: 'remote',
    httpStatus: 502,
    meaning: 'edgeHub answered a request with an error',
    remedy: 'The message carries the status; the log of edgeHub has the reason.',
  },
  MessageRejected: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A message could not be scored and was sent to the error output',
    remedy: 'The message on the error output carries the reason and the original ids.',
  },
  OutputTooLarge: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A result is larger than a message may be',
    remedy: 'Return less from the entry script: a message holds 256 KB with its properties.',
  },
  SettingsInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: "The module's desired properties are not valid",
    remedy: 'Mend the desired properties; the former ones stay in force.',
  },
  JournalUnusable: {
    fault: 'self',
    httpStatus: 500,
    meaning: 'The journal of messages cannot be opened or written',
    remedy:
      'Check the folder EDGEWRIGHT_STATE_DIRECTORY, its permissions and the free space; the message has the reason.',
  },
  ModelRejected: {
    fault: 'user',
    httpStatus: 422,
    meaning: 'A model named in the desired properties was fetched or looked at, and is not taken',
    remedy: 'The message has the reason: wrong digest, signature or size, or a server that does not have it.',
  },
  ModelUnavailable: {
    fault: 'remote',
    httpStatus: 503,
    meaning: 'A model could not be fetched for now',
    remedy: 'The module goes on trying; the message has the address without its secrets, and what came back.',
  },
  ModelStoreUnusable: {
    fault: 'self',
    httpStatus: 500,
    meaning: 'The folder of fetched models cannot be written, or the disk is full',
    remedy: 'Check the folder EDGEWRIGHT_STATE_DIRECTORY, its permissions and the free space.',
  },
  CloudUnavailable: {
    fault: 'remote',
    httpStatus: 503,
    meaning: 'The endpoint of the fallback could not score a message for now',
    remedy: 'Nothing to do: the message waits and is tried again; check the address and the key when it stays so.',
  },
  CloudRefused: {
    fault: 'remote',
    httpStatus: 502,
    meaning: 'The endpoint of the fallback will not score a message, or did not within the time that it may wait',
    remedy: 'The message has the answer of the endpoint; the edge error of the message is beside it.',
  },
  UpdateRefused: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'A model cannot be exchanged now, or there is none to go back to',
    remedy: 'Look at `update` in the reported properties, and call again when the running exchange is over.',
  },
  MethodInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A direct method was called with a payload that it does not take',
    remedy: 'docs/edge-module.md has the payload of each method.',
  },
  TuningRefused: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'The module cannot find out now how its model runs best',
    remedy: 'Wait for the tuning or the update that the message names; tuneResult says how far it is.',
  },
  TuningInterrupted: {
    fault: 'self',
    httpStatus: 503,
    meaning: 'Finding out how the model runs best was given up before its end',
    remedy: 'Call tune again, with a smaller budget or when the device has less to do.',
  },
} as const satisfies Record<string, ErrorEntry>;
