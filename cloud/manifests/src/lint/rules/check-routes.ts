import { recordOf } from '../../json-record.ts';
import type { LintRoute, LintSubject, Observation } from '../lint-subject.ts';

const NAME = /^[^.$# ]+$/;
const MEMBERS = ['route', 'priority', 'timeToLiveSecs'];
const MAX_PRIORITY = 9;
const MAX_TIME_TO_LIVE = 4_294_967_295;
/** Signs that people write without blanks and that then belong to the name; `-` before letters is common in names. */
const OPERATOR_IN_NAME = /[!'+*%]|\|\||-\d+$/;
const IS_NULL_OF_BODY = /\bis_null\s*\(\s*\{?\s*\$body\./i;

/** Each route by itself: its form, and what compiles but means something else. */
export function checkRoutes({ routes }: LintSubject): Observation[] {
  return routes.flatMap((route) => [...formOf(route), ...meaningOf(route)]);
}

function formOf({ name, at, entry, text, textAt, fault }: LintRoute): Observation[] {
  const found: Observation[] = [];
  if (!NAME.test(name)) found.push({ code: 'EW2015', at, message: `"${name}" is no name of a route` });
  if (fault !== undefined) {
    found.push({ code: 'EW2001', at: textAt, message: fault.message });
  } else if (text === undefined) {
    const expected = 'a route, or an object with route, priority and timeToLiveSecs';
    found.push({ code: 'EW1001', at: textAt, message: `expected ${expected}, found ${shortJson(entry)}` });
  }
  const record = recordOf(entry) ?? {};
  for (const member of Object.keys(record)) {
    if (MEMBERS.includes(member)) continue;
    const message = `expected one of the keys ${MEMBERS.join(', ')}, found the unknown key "${member}"`;
    found.push({ code: 'EW1001', at: [...at, member], message });
  }
  const bounds = { priority: MAX_PRIORITY, timeToLiveSecs: MAX_TIME_TO_LIVE };
  for (const [member, most] of Object.entries(bounds)) {
    if (!(member in record) || isWhole(record[member], most)) continue;
    const message = `${member} is ${shortJson(record[member])}, and whole numbers from 0 to ${most} are taken`;
    found.push({ code: 'EW2008', at: [...at, member], message });
  }
  return found;
}

function meaningOf({ textAt, compiled }: LintRoute): Observation[] {
  if (compiled === undefined) return [];
  const found: Observation[] = [];
  for (const name of new Set(compiled.reads.properties)) {
    if (!OPERATOR_IN_NAME.test(name)) continue;
    found.push({
      code: 'EW2010',
      at: textAt,
      message: `the condition reads a property called ${JSON.stringify(name)}`,
    });
  }
  if (compiled.ignored !== undefined) {
    found.push({ code: 'EW2011', at: textAt, message: `${shortJson(compiled.ignored)} stands behind the sink` });
  }
  if (compiled.condition !== undefined && IS_NULL_OF_BODY.test(compiled.condition)) {
    found.push({ code: 'EW2012', at: textAt, message: `the condition is ${shortJson(compiled.condition)}` });
  }
  return found;
}

function isWhole(value: unknown, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
}

const MAX_SHOWN = 80;

function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
