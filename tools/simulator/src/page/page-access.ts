import { randomBytes } from 'node:crypto';
import { isSameSecret } from '../http/is-same-secret.ts';

/** What is known of a request before its body is read. */
interface Head {
  readonly method: string;
  header(name: string): string | undefined;
}

/**
 * Who may see the page. Its address carries a token, which the first request changes into a cookie that no script reads.
 *
 * Against other pages of the same browser: the cookie is not sent along with requests from other sites (SameSite), the Host
 * must be a loopback name with this port (DNS rebinding), and whatever changes something must come from this very origin.
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
  cookieFor(token: string | undefined): string | undefined {
    if (!isSameSecret(token ?? '', this.#token)) return undefined;
    return `${this.#cookieName}=${this.#token}; HttpOnly; SameSite=Strict; Path=/`;
  }

  /** True for requests of a page that was let in. */
  allows(head: Head): boolean {
    return this.isForHere(head.header('host')) && this.#isFromHere(head) && this.#hasCookie(head.header('cookie'));
  }

  /** True when a request was meant for this server, and not for a name that somebody has pointed at it. */
  isForHere(host: string | undefined): boolean {
    return ['127.0.0.1', '[::1]', 'localhost'].some((name) => host?.toLowerCase() === `${name}:${this.#port}`);
  }

  // Browsers give every page of this host the cookies of all ports: the name tells simulators apart.
  get #cookieName(): string {
    return `edgewright-${this.#port}`;
  }

  #isFromHere(head: Head): boolean {
    const site = head.header('sec-fetch-site');
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
    const origin = head.header('origin');
    if (origin === undefined) return head.method === 'GET';
    return origin === `http://${head.header('host') ?? ''}`;
  }

  #hasCookie(cookies: string | undefined): boolean {
    return (cookies ?? '')
      .split(';')
      .some((cookie) => isSameSecret(cookie.trim(), `${this.#cookieName}=${this.#token}`));
  }
}
