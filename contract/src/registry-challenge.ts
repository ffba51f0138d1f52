/** What a container registry asks for with status 401. */
export interface RegistryChallenge {
  readonly scheme: 'basic' | 'bearer';
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Reads `WWW-Authenticate` (RFC 9110, 11.6.1); the first scheme that is known here.
 *
 * @returns undefined when there is none
 */
export function parseChallenge(header: string): RegistryChallenge | undefined {
  const match = /\b(basic|bearer)\b\s*(.*)$/i.exec(header);
  if (match === null) return undefined;
  const parameters: Record<string, string> = {};
  for (const [, key = '', quoted, bare] of (match[2] ?? '').matchAll(
    /([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g,
  )) {
    parameters[key.toLowerCase()] = quoted?.replaceAll(/\\(.)/g, '$1') ?? bare ?? '';
  }
  return { scheme: match[1]?.toLowerCase() === 'basic' ? 'basic' : 'bearer', parameters };
}
