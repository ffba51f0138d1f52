import type { HttpCall } from '../scoring/job.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A request as it came over HTTP, for scripts that export `raw = true`: Azure ML's `AMLRequest` and `@rawhttp`. */
export class RawRequest {
  /** `GET`, `POST` or `OPTIONS`. */
  readonly method: string;
  /** Path and query: `/score?a=1`. */
  readonly url: string;
  readonly headers: Headers;
  readonly query: URLSearchParams;
  readonly body: Uint8Array;

  constructor({ method, url, headers, body }: HttpCall) {
    this.method = method;
    this.url = url;
    this.headers = new Headers(headers.map(([name, value]): [string, string] => [name, value]));
    const mark = url.indexOf('?');
    this.query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
    this.body = body;
  }

  /**
   * The body as text.
   *
   * @throws TypeError when it is not UTF-8
   */
  text(): string {
    return utf8.decode(this.body);
  }

  /**
   * The body as JSON.
   *
   * @throws SyntaxError when it is none
   */
  json(): unknown {
    return JSON.parse(this.text()) as unknown;
  }
}
