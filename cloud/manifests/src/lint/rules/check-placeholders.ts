import { jsonPath } from '../json-path.ts';
import type { LintSubject, Observation } from '../lint-subject.ts';
import { stringsOf } from '../walk-strings.ts';

const IN_BRACES = /\$\{[A-Za-z_][^}]*\}/;
const PLAIN = /\$[A-Z][A-Z0-9_]{2,}(?![A-Za-z0-9_])/;

/**
 * What building should have filled in. A program in createOptions may name variables of its own in the same way, so that
 * only a placeholder for an image is surely wrong.
 */
export function checkPlaceholders({ document, routes }: LintSubject): Observation[] {
  const routeTexts = new Set(routes.map(({ textAt }) => jsonPath(textAt)));
  return stringsOf(document).flatMap(({ at, text }): Observation[] => {
    const member = String(at.at(-1));
    if (routeTexts.has(jsonPath(at))) return [];
    const braces = IN_BRACES.exec(text)?.[0];
    const found = braces ?? (/^createOptions/i.test(member) ? undefined : PLAIN.exec(text)?.[0]);
    if (found === undefined) return [];
    const message = `${found} stands in the value of "${member}"`;
    return [{ code: 'EW1004', at, message, ...(member === 'image' ? { severity: 'error' } : {}) }];
  });
}
