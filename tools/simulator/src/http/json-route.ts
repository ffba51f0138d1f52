import type { Readable } from 'node:stream';

/** A request whose body is parsed. */
export interface JsonRequest {
  /** The path's variables, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** A header by its name in lower case. */
  header(name: string): string | undefined;
  /** Parsed JSON; undefined when there is no body. */
  readonly body: unknown;
  /** Aborted when the client has gone, or has its answer. */
  readonly signal: AbortSignal;
}

export interface JsonReply {
  readonly status: number;
  /** Sent as JSON; nothing is sent when it is absent. */
  readonly body?: unknown;
  /** Sent as it is, in the place of a body; give the content-type in `headers`. */
  readonly stream?: Readable;
  /** Sent in quotes, as the ETag header. */
  readonly etag?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called once the answer is out. */
  readonly afterwards?: () => void;
}

/** One operation of a service. */
export interface JsonRoute {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** With variables as `:name`. */
  readonly path: string;
  readonly handle: (request: JsonRequest) => JsonReply | Promise<JsonReply>;
}

/** A variable of the path; every path of a route that asks for one has it. */
export function parameter(request: JsonRequest, name: string): string {
  const value = request.parameters[name];
  if (value === undefined) throw new TypeError(`the path has no variable :${name}`);
  return value;
}
