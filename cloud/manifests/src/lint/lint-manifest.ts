import { ContractError, parseJson } from '@edgewright/contract';
import { recordOf } from '../json-record.ts';
import { lintCatalogue } from './catalogue.ts';
import type { LintEntry } from './catalogue.ts';
import type { Finding } from './finding.ts';
import { jsonPath } from './json-path.ts';
import type { JsonSteps } from './json-path.ts';
import type { LintOptions } from './lint-options.ts';
import { lintRules } from './lint-rules.ts';
import { readSubject } from './lint-subject.ts';
import type { Observation } from './lint-subject.ts';

/**
 * Checks a manifest: its form, and whether it makes sense. Layers of deployments are checked by the rules that hold for them.
 *
 * @param manifest the parsed document, or its text
 * @returns findings in the order of their places; none for a manifest that is right
 */
export function lintManifest(manifest: unknown, options: LintOptions): Finding[] {
  const read = typeof manifest === 'string' ? parsed(manifest, options.source) : { document: manifest };
  if ('observation' in read) return [findingOf(read.observation)];
  const { document } = read;
  if (recordOf(document) !== undefined && Object.hasOwn(document as object, '$schema-template')) {
    const message = `${options.source} is a template ($schema-template)`;
    return [findingOf({ code: 'EW1003', at: ['$schema-template'], message })];
  }
  const subject = readSubject(document, options);
  const observations = lintRules.flatMap((rule) => rule(subject));
  const placeOf = createPlaces(document);
  return observations
    .map((observation, index) => ({ observation, place: placeOf(observation.at), index }))
    .toSorted((a, b) => a.place - b.place || a.index - b.index)
    .map(({ observation }) => findingOf(observation));
}

function findingOf({ code, at, message, severity }: Observation): Finding {
  const entry: LintEntry = lintCatalogue[code];
  return {
    code,
    severity: severity ?? entry.severity,
    path: jsonPath(at),
    message,
    reason: entry.reason,
    remedy: entry.remedy,
  };
}

function parsed(text: string, source: string): { document: unknown } | { observation: Observation } {
  try {
    return { document: parseJson(text, source) };
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    return { observation: { code: 'EW1002', at: [], message: error.message } };
  }
}

/** Numbers the places of a document in the order of its text; a place that is not there counts as the nearest one above. */
function createPlaces(document: unknown): (steps: JsonSteps) => number {
  const numbers = new Map<string, number>();
  const waiting: { value: unknown; path: string }[] = [{ value: document, path: jsonPath([]) }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, path } = next;
    numbers.set(path, numbers.size);
    if (typeof value !== 'object' || value === null) continue;
    const members = Array.isArray(value)
      ? value.map((child: unknown, index) => ({ value: child, path: `${path}${jsonPath([index]).slice(1)}` }))
      : Object.entries(value).map(([name, child]) => ({
          value: child as unknown,
          path: `${path}${jsonPath([name]).slice(1)}`,
        }));
    waiting.push(...members.toReversed());
  }
  return (steps) => {
    for (let length = steps.length; length > 0; length -= 1) {
      const number = numbers.get(jsonPath(steps.slice(0, length)));
      if (number !== undefined) return number;
    }
    return 0;
  };
}
