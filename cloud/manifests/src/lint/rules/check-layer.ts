import { recordOf } from '../../json-record.ts';
import type { JsonSteps } from '../json-path.ts';
import type { LintSubject, Observation } from '../lint-subject.ts';

/** What a layer may hold, beside the desired properties of modules. */
const ALLOWED: Readonly<Record<string, RegExp>> = {
  $edgeAgent: /^properties\.desired\.(?:modules\.[^.]+|runtime\.settings\.registryCredentials\.[^.]+)$/,
  $edgeHub: /^properties\.desired\.routes\.[^.]+$/,
};
/** The same in an object, as some tools write it; IoT Hub takes dotted keys only. */
const NESTED: Readonly<Record<string, readonly string[]>> = {
  $edgeAgent: ['modules'],
  $edgeHub: ['routes'],
};
const DESIRED = 'properties.desired';

/** A layer holds modules, routes, registry credentials and module twins, and nothing else. */
export function checkLayer({ layered, content, contentAt }: LintSubject): Observation[] {
  if (!layered) return [];
  return Object.entries(content).flatMap(([section, value]) => {
    const members = Object.entries(recordOf(value) ?? {});
    return members.flatMap(([key, member]) => misplaced({ section, key, member, at: [...contentAt, section, key] }));
  });
}

interface LayerMember {
  readonly section: string;
  readonly key: string;
  readonly member: unknown;
  readonly at: JsonSteps;
}

function misplaced({ section, key, member, at }: LayerMember): Observation[] {
  const allowed = ALLOWED[section];
  if (allowed === undefined) {
    if (key === DESIRED || key.startsWith(`${DESIRED}.`)) return [];
    return [{ code: 'EW1006', at, message: `"${key}" does not begin with ${DESIRED}` }];
  }
  if (allowed.test(key)) return [];
  const nested = key === DESIRED ? Object.keys(recordOf(member) ?? {}) : [];
  const known = NESTED[section] ?? [];
  if (nested.length > 0 && nested.every((name) => known.includes(name))) {
    const example = `${DESIRED}.${nested[0] ?? ''}.NAME`;
    const message = `"${key}" replaces what the base deployment says here; write each member under a key of its own, such as "${example}"`;
    return [{ code: 'EW1006', at, message }];
  }
  return [{ code: 'EW1006', at, message: `"${key}" of ${section} cannot stand in a layer` }];
}
