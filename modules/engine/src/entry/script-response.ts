/** What a response may carry: text, bytes, a JSON value, or text and bytes that are still being made. */
export type ScriptResponseBody = unknown;

export interface ScriptResponseInit {
  /** From 200 to 599. Default 200. */
  readonly status?: number;
  /** A name with several values is sent several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Sets `x-ms-run-function-failed`; always true from status 500 on. */
  readonly failed?: boolean;
}

/**
 * An answer with a status, headers and any body: Azure ML's `AMLResponse`. Entry scripts make one with
 * `request.respond(body, init)`; the standard `Response` does as well.
 */
export class ScriptResponse {
  readonly body: ScriptResponseBody;
  readonly init: ScriptResponseInit;

  constructor(body: ScriptResponseBody, init: ScriptResponseInit = {}) {
    this.body = body;
    this.init = init;
  }
}
