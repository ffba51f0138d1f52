import { stringify } from 'yaml';

/** YAML without folded lines: what stands on one line can be replaced on one line. */
export function yamlOf(value: unknown): string {
  return stringify(value, { lineWidth: 0 });
}
