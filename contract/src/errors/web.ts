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
  ModelUnknown: {
    fault: 'user',
    httpStatus: 404,
    meaning: 'There is no model of the name, or the version, in the path of a request',
    remedy: 'The message lists the models that are served.',
  },
  ModelNotLoaded: {
    fault: 'user',
    httpStatus: 503,
    meaning: 'A model of the repository was asked to score, or to be unloaded, and is not loaded',
    remedy: 'Load it with `POST /v2/repository/models/NAME/load`; `POST /v2/repository/index` says what is loaded.',
  },
  ModelBusy: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'A model is being loaded or unloaded already',
    remedy: 'Wait until that is done; `POST /v2/repository/index` says how far it is.',
  },
  ModelLoadFailed: {
    fault: 'user',
    httpStatus: 422,
    meaning: 'A model of the repository cannot be loaded; what was loaded before goes on',
    remedy: 'The message says why; the log of the service has more.',
  },
  ModelControlOff: {
    fault: 'user',
    httpStatus: 403,
    meaning: 'The service neither loads nor unloads models while it runs',
    remedy: 'Deploy it with `modelControl: explicit`, or set `EDGEWRIGHT_MODEL_CONTROL=explicit`.',
  },
  ControlForbidden: {
    fault: 'user',
    httpStatus: 403,
    meaning: 'The credentials of a request may score, and may not load or unload models',
    remedy: 'Send the primary key, or a token with the role `Models.Control`.',
  },
  DocumentUnknown: {
    fault: 'user',
    httpStatus: 404,
    meaning: 'The service has no description in the version that was asked for',
    remedy: 'Ask for one of the versions in the message.',
  },
  DocumentInvalid: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'A swagger.json that was put beside the service is no JSON',
    remedy: 'Mend the file that the message names, or take it away: one is made then.',
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
    remedy: 'Send JSON with the content type application/json, or one of the forms of docs/scoring.md.',
  },
  HeaderTooLong: {
    fault: 'user',
    httpStatus: 431,
    meaning: 'A request id is longer than 100 characters',
    remedy: 'Send a shorter id, or none: one is made then.',
  },
  CredentialsMissing: {
    fault: 'user',
    httpStatus: 401,
    meaning: 'A request to a protected service has no credentials',
    remedy: 'Send the header `Authorization: Bearer KEY_OR_TOKEN`; `edgewright service get-keys` shows the keys.',
  },
  CredentialsInvalid: {
    fault: 'user',
    httpStatus: 401,
    meaning: 'The key or the token of a request is not valid, or has expired',
    remedy: 'Get the present keys, or a new token, for this very service.',
  },
  TokenKeysUnavailable: {
    fault: 'remote',
    httpStatus: 503,
    meaning: 'The public keys of the issuer of tokens cannot be fetched, so no token can be checked',
    remedy: 'Try again; the message names the address, which the service must reach.',
  },
  AuthenticationInvalid: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'The service was told to check credentials, and what it needs for that is missing or wrong',
    remedy: 'The message names the setting or the file; the service does not start without it.',
  },
  CertificateInvalid: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'The certificate for TLS or its key cannot be used',
    remedy: 'Give two PEM files that belong together, the certificate with those between it and its authority.',
  },
  ServiceOverloaded: {
    fault: 'self',
    httpStatus: 503,
    meaning: 'A request waited for its turn longer than maxQueueWaitMs, or too many wait already',
    remedy: 'Try again after the time of the Retry-After header, or add replicas.',
  },
  NoReadyReplica: {
    fault: 'self',
    httpStatus: 503,
    meaning: 'Nothing of the service can take a request: it starts, stops or is broken',
    remedy: 'Try again; `edgewright service show` says what the service does.',
  },
  ReplicaFailed: {
    fault: 'self',
    httpStatus: 502,
    meaning: 'run() of the entry script threw, or its process ended, seen from before the service',
    remedy: 'The log of the service has the stack trace under the same request id.',
  },
  TooManyRequests: {
    fault: 'user',
    httpStatus: 429,
    meaning: 'One address sent more requests per second than the limit',
    remedy: 'Send fewer, and try again after the time of the Retry-After header.',
  },
} as const satisfies Record<string, ErrorEntry>;
