import type { ErrorEntry } from './entry.ts';

/** Failures of a program that calls a service. */
export const clientErrors = {
  RequestRefused: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The service refused a request: it cannot be understood, or the caller may not send it',
    remedy: 'The message is the service’s own; details.status and details.code say what it refused.',
  },
  ServiceFailed: {
    fault: 'remote',
    httpStatus: 502,
    meaning: 'The service answered that it failed, or is too busy, as often as it was asked',
    remedy: 'The message is the service’s own. Its log names the request under details.requestId.',
  },
  ConnectionFailed: {
    fault: 'remote',
    httpStatus: 502,
    meaning: 'The service could not be reached, or the connection broke, as often as it was tried',
    remedy: 'Check the address, the network and whether the service runs: `edgewright service show -n NAME`.',
  },
  CallTimeout: {
    fault: 'remote',
    httpStatus: 504,
    meaning: 'A call, all its tries together, took longer than it may',
    remedy: 'Raise timeoutMs, or send less in one request.',
  },
  AnswerInvalid: {
    fault: 'remote',
    httpStatus: 502,
    meaning: 'The answer is not what the protocol says, or is larger than the limit',
    remedy:
      'Check that the address is that of an edgewright or Open Inference Protocol service; raise maxAnswerBytes for large answers.',
  },
  TokenUnavailable: {
    fault: 'remote',
    httpStatus: 502,
    meaning: 'The function that was to give a token failed',
    remedy: 'The cause is what it threw; most often its own credentials have expired.',
  },
} as const satisfies Record<string, ErrorEntry>;
