import type { ErrorEntry } from './entry.ts';

/** Failures of the REST host. */
export const webErrors = {
  PortInUse: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'The port to listen on is taken by another program, or not allowed',
    remedy: 'Choose another port, or 0 for any free one.',
  },
  RequestInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A request cannot be understood',
    remedy: 'The message names the part of the request and what was expected.',
  },
  BodyTooLarge: {
    fault: 'user',
    httpStatus: 413,
    meaning: 'The body of a request is larger than the limit',
    remedy: 'Send less in one request, in a binary form, or raise the limit.',
  },
  RouteUnknown: {
    fault: 'user',
    httpStatus: 404,
    meaning: 'There is nothing at the path of a request',
    remedy: 'The message lists the paths that there are.',
  },
  MethodNotAllowed: {
    fault: 'user',
    httpStatus: 405,
    meaning: 'The path of a request does not take its method',
    remedy: 'Use one of the methods in the Allow header.',
  },
  MediaTypeUnsupported: {
    fault: 'user',
    httpStatus: 415,
    meaning: 'The body of a request is in a form that is not read',
    remedy: 'Send JSON with the content type application/json.',
  },
  HeaderTooLong: {
    fault: 'user',
    httpStatus: 431,
    meaning: 'A request id is longer than 100 characters',
    remedy: 'Send a shorter id, or none: one is made then.',
  },
} as const satisfies Record<string, ErrorEntry>;
