import { ContractError, parseJson } from '@edgewright/contract';
import { recordOf } from '../json-record.ts';
import type { JsonRecord } from '../json-record.ts';
import { lintCatalogue } from './catalogue.ts';
import type { LintEntry } from './lint-entry.ts';
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
  const compare = createPlaceOrder(document);
  // sorting is stable: findings of one place keep the order of the rules
  return observations.toSorted((a, b) => compare(a.at, b.at)).map(findingOf);
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

/** Orders places as they stand in the document; what is not there stands before what is, in the same object. */
function createPlaceOrder(document: unknown): (a: JsonSteps, b: JsonSteps) => number {
  const indexes = new WeakMap<object, Map<string, number>>();
  const indexOf = (parent: unknown, step: string | number | undefined): number => {
    const record = recordOf(parent);
    if (record === undefined) return typeof step === 'number' ? step : -1;
    let index = indexes.get(record);
    if (index === undefined) {
      index = new Map(Object.keys(record).map((name, position) => [name, position]));
      indexes.set(record, index);
    }
    return index.get(String(step)) ?? -1;
  };
  return (a, b) => {
    let parent = document;
    for (let depth = 0; depth < Math.max(a.length, b.length); depth += 1) {
      const order = indexOf(parent, a[depth]) - indexOf(parent, b[depth]);
      if (order !== 0 || a[depth] !== b[depth]) return order;
      parent = typeof parent === 'object' && parent !== null ? (parent as JsonRecord)[String(a[depth])] : undefined;
    }
    return 0;
  };
}
