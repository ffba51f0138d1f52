import type { Permission } from '../shared-access-policies.ts';

/** A request to the service API, after its token was checked and its body parsed. */
export interface RestRequest {
  /** The path's variables, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** A header by its name in lower case. */
  header(name: string): string | undefined;
  /** Parsed JSON; undefined when there is no body. */
  readonly body: unknown;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

export interface RestReply {
  readonly status: number;
  /** Sent as JSON; nothing is sent when it is absent. */
  readonly body?: unknown;
  /** Sent in quotes, as the ETag header. */
  readonly etag?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One operation of the service API. */
export interface RestRoute {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** With variables as `:name`. */
  readonly path: string;
  /** A policy needs one of these. */
  readonly permissions: readonly Permission[];
  readonly handle: (request: RestRequest) => RestReply | Promise<RestReply>;
}

/** A variable of the path; every path of a route that asks for one has it. */
export function parameter(request: RestRequest, name: string): string {
  const value = request.parameters[name];
  if (value === undefined) throw new TypeError(`the path has no variable :${name}`);
  return value;
}
