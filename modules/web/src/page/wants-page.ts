/**
 * True when a caller asks for a page: it names `text/html`, as browsers do, and likes it at least as well as plain text. Probes and programs send
 * no `Accept`, or one for anything.
 */
export function wantsPage(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const html = qualityOf(accept, 'text/html');
  return html > 0 && html >= qualityOf(accept, 'text/plain');
}

/** How much a type is wanted, from 0 to 1, when it is named. */
function qualityOf(accept: string, type: string): number {
  for (const part of accept.toLowerCase().split(',')) {
    const [name, ...parameters] = part.split(';').map((text) => text.trim());
    if (name !== type) continue;
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    return quality === undefined ? 1 : Number(quality.slice(2)) || 0;
  }
  return 0;
}
