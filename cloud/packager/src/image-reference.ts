import { PackagerError } from './packager-error.ts';

/** The name of an image, in parts. */
export interface ImageReference {
  /** Host and perhaps port; undefined when the name has none, and so never leaves this machine. */
  readonly registry?: string;
  readonly repository: string;
  readonly tag: string;
  /** All of it: `REGISTRY/REPOSITORY:TAG`. */
  readonly text: string;
}

// the grammar of github.com/distribution/reference, which registries and engines share
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^\w[\w.-]{0,127}$/;
const HOST =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
const MAX_REPOSITORY_CHARACTERS = 255;

/**
 * Reads `[REGISTRY/]REPOSITORY[:TAG]`; without a tag, `latest` is meant.
 *
 * @throws PackagerError `ImageInputInvalid`
 */
export function parseImageReference(text: string): ImageReference {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  // as Docker decides it: only a dot, a port or "localhost" makes the first part a host
  const registry = /[.:]/.test(first) || first === 'localhost' ? first : undefined;
  const rest = registry === undefined ? text : text.slice(slash + 1);
  const colon = rest.lastIndexOf(':');
  const repository = colon === -1 ? rest : rest.slice(0, colon);
  const tag = colon === -1 ? 'latest' : rest.slice(colon + 1);
  if (registry !== undefined && !HOST.test(registry)) throw refused(text, `"${registry}" is no host`);
  if (!REPOSITORY.test(repository) || repository.length > MAX_REPOSITORY_CHARACTERS) {
    throw refused(
      text,
      `"${repository}" is no repository: it has lower-case letters and digits, with ".", "_", "-" or "/" between them`,
    );
  }
  if (!TAG.test(tag)) throw refused(text, `"${tag}" is no tag: it has up to 128 letters, digits, "_", "." or "-"`);
  const whole = `${registry === undefined ? '' : `${registry}/`}${repository}:${tag}`;
  return { ...(registry === undefined ? {} : { registry }), repository, tag, text: whole };
}

function refused(text: string, reason: string): PackagerError {
  return new PackagerError('ImageInputInvalid', `"${text}" does not name an image: ${reason}`, {
    details: { reference: text, reason },
  });
}
