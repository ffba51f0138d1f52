import { childRecord } from '../../json-record.ts';
import { readSubject } from '../lint-subject.ts';
import type { LintModule, LintSubject, Observation } from '../lint-subject.ts';

/** What changes at once, when the former manifest is known: runtime and modules should not. */
export function checkChanges(subject: LintSubject): Observation[] {
  const { previous } = subject.options;
  if (previous === undefined) return [];
  const before = new Map(
    readSubject(previous, subject.options).modules.map((module) => [keyOf(module), imageOf(module)]),
  );
  const changed = subject.modules.filter((module) => {
    const former = before.get(keyOf(module));
    return former !== undefined && former !== imageOf(module);
  });
  const system = changed.find((module) => module.system);
  const own = changed.filter((module) => !module.system).map(({ name }) => name);
  if (system === undefined || own.length === 0) return [];
  const message = `the image of ${system.name} changes together with ${own.join(', ')}`;
  return [{ code: 'EW3015', at: [...system.at, 'settings', 'image'], message }];
}

function keyOf({ system, name }: LintModule): string {
  return `${system ? 'system' : 'own'} ${name}`;
}

function imageOf({ record }: LintModule): string | undefined {
  const image = childRecord(record, 'settings')?.['image'];
  return typeof image === 'string' ? image : undefined;
}
