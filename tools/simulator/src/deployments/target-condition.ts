import { isMatch } from '../hub/query/evaluate.ts';
import { parseCondition } from '../hub/query/parse-condition.ts';
import { parseQuery } from '../hub/query/parse-query.ts';

/** What a deployment is aimed at. */
export interface TargetCondition {
  readonly collection: 'devices' | 'devices.modules';
  /** @param twin as queries see it */
  readonly matches: (twin: object) => boolean;
}

/**
 * Reads a target condition: `*` for all devices, nothing for none, a condition on device twins, or
 * `FROM devices.modules WHERE …` for modules.
 *
 * @throws SimulatorError `SimulatorRequestInvalid` with the place
 */
export function parseTargetCondition(text: string): TargetCondition {
  const trimmed = text.trim();
  if (trimmed === '') return { collection: 'devices', matches: () => false };
  if (trimmed === '*') return { collection: 'devices', matches: () => true };
  if (/^from\s/i.test(trimmed)) {
    const { from, where } = parseQuery(`SELECT * ${trimmed}`);
    const collection = from === 'devices.modules' ? from : 'devices';
    return { collection, matches: (twin) => isMatch(where, twin) };
  }
  const condition = parseCondition(trimmed);
  return { collection: 'devices', matches: (twin) => isMatch(condition, twin) };
}
