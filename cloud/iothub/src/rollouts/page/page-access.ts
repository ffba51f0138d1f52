import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/**
 * Who may see the page: who has its address, which carries a token. The first request changes the token into a cookie that no
 * script reads, so that it leaves the address bar. Requests must be meant for this very port of this machine (DNS rebinding),
 * and come from no other site.
 */
export class PageAccess {
  readonly #token = randomBytes(24).toString('base64url');
  #port = 0;

  /** Called when the port is known. */
  listeningOn(port: number): void {
    this.#port = port;
  }

  /** The path and query of the address that lets somebody in. */
  get entrance(): string {
    return `/?token=${this.#token}`;
  }

  /** The cookie for whoever came with the right token; undefined for others. */
  cookieFor(request: IncomingMessage, token: string | null): string | undefined {
    if (!this.#isForHere(request) || !isSame(token ?? '', this.#token)) return undefined;
    return `${this.#cookieName}=${this.#token}; HttpOnly; SameSite=Strict; Path=/`;
  }

  /** True for requests of a page that was let in. */
  allows(request: IncomingMessage): boolean {
    const site = request.headers['sec-fetch-site'];
    const isFromHere = site === undefined || site === 'same-origin' || site === 'none';
    const cookies = (request.headers.cookie ?? '').split(';');
    const wanted = `${this.#cookieName}=${this.#token}`;
    return this.#isForHere(request) && isFromHere && cookies.some((cookie) => isSame(cookie.trim(), wanted));
  }

  // browsers give every page of this host the cookies of all ports: the name tells them apart
  get #cookieName(): string {
    return `edgewright-rollouts-${this.#port}`;
  }

  #isForHere({ headers: { host } }: IncomingMessage): boolean {
    return ['127.0.0.1', '[::1]', 'localhost'].some((name) => host?.toLowerCase() === `${name}:${this.#port}`);
  }
}

/** Takes as long for a wrong text as for the right one. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
