/** Where a model is in a container registry. */
export interface OciLocation {
  /** Such as `https://registry.example.com`. */
  readonly origin: string;
  /** `HOST` or `HOST:PORT`, as credentials name it. */
  readonly host: string;
  readonly repository: string;
  /** A tag, or a digest `sha256:<hex>`. */
  readonly reference: string;
  /** False where a password would travel in the clear over a network. */
  readonly mayAuthenticate: boolean;
}

/** distribution-spec 1.1, "Pulling manifests": names and tags; a tag before a digest says nothing more. */
const LOCATION =
  /^oci(\+http)?:\/\/([^/@?#\s]+)\/([a-z0-9]+(?:(?:\.|_|__|-+|\/)[a-z0-9]+)*)(?::([A-Za-z0-9_][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/;

/**
 * Reads `oci://HOST/REPOSITORY:TAG` or `oci://HOST/REPOSITORY@sha256:DIGEST`. Registries speak HTTPS, but on this machine, as Docker
 * has it, and where `oci+http` says otherwise.
 *
 * @returns undefined when the address is none
 */
export function parseOciLocation(url: string): OciLocation | undefined {
  const [, plain, host = '', repository = '', tag, digest] = LOCATION.exec(url) ?? [];
  const reference = digest ?? tag;
  if (reference === undefined) return undefined;
  const isLocal = LOOPBACK.test(host);
  const scheme = plain === undefined && !isLocal ? 'https' : 'http';
  return { origin: `${scheme}://${host}`, host, repository, reference, mayAuthenticate: scheme === 'https' || isLocal };
}
