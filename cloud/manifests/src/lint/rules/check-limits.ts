import { isTwinName, twinLimits, twinSizeBytes } from '@edgewright/contract';
import { recordOf } from '../../json-record.ts';
import type { JsonSteps } from '../json-path.ts';
import type { LintSubject, LintTwin, Observation } from '../lint-subject.ts';
import { stringsOf } from '../walk-strings.ts';

const { desiredBytes: MAX_DESIRED_BYTES, stringBytes: MAX_STRING_BYTES, levels: MAX_DEPTH } = twinLimits;

/** What IoT Hub takes in a twin. */
export function checkLimits({ twins }: LintSubject): Observation[] {
  return twins.flatMap((twin) => [...size(twin), ...longStrings(twin), ...depth(twin), ...names(twin)]);
}

function size({ module, at, desired }: LintTwin): Observation[] {
  const bytes = twinSizeBytes(desired);
  if (bytes <= MAX_DESIRED_BYTES) return [];
  const message = `the desired properties of ${module} have ${bytes} bytes, ${bytes - MAX_DESIRED_BYTES} too many`;
  return [{ code: 'EW4001', at, message }];
}

function longStrings({ at, desired }: LintTwin): Observation[] {
  return stringsOf(desired).flatMap(({ at: inside, text }) => {
    const bytes = Buffer.byteLength(text);
    if (bytes <= MAX_STRING_BYTES) return [];
    const message = `the value of "${String(inside.at(-1))}" has ${bytes} bytes, ${MAX_STRING_BYTES} are the most`;
    return [{ code: 'EW4002', at: [...at, ...inside], message }];
  });
}

function depth({ module, at, desired }: LintTwin): Observation[] {
  const waiting: { value: unknown; steps: JsonSteps }[] = [{ value: desired, steps: [] }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, steps } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (steps.length > MAX_DEPTH) {
      const message = `the desired properties of ${module} have more than ${MAX_DEPTH} levels here`;
      return [{ code: 'EW4003', at: [...at, ...steps], message }];
    }
    for (const [name, child] of Object.entries(value)) waiting.push({ value: child, steps: [...steps, name] });
  }
  return [];
}

/** Of user modules; names in the system twins are the business of the schema. */
function names({ module, at, desired }: LintTwin): Observation[] {
  if (module.startsWith('$')) return [];
  const found: Observation[] = [];
  const waiting: { value: unknown; steps: JsonSteps }[] = [{ value: desired, steps: [] }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const [name, value] of Object.entries(recordOf(next.value) ?? {})) {
      const steps = [...next.steps, name];
      if (!isTwinName(name)) {
        found.push({
          code: 'EW4004',
          at: [...at, ...steps],
          message: `${JSON.stringify(name)} is no name of a property`,
        });
      }
      waiting.push({ value, steps });
    }
  }
  return found;
}
