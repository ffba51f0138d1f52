import { scopeOfSource } from '../../route-source.ts';
import type { LintRoute, LintSubject, Observation } from '../lint-subject.ts';

const WELL_FORMED = /^\/?modules\/[^/]+\/inputs\/[^/]+\/?$/i;

/** Where routes begin and end: modules that are not there, sources that match nothing. */
export function checkEndpoints(subject: LintSubject): Observation[] {
  return subject.routes.flatMap((route) => [...sourceOf(route, subject), ...sinkOf(route, subject)]);
}

function sourceOf({ textAt, compiled }: LintRoute, { modules, layered }: LintSubject): Observation[] {
  if (compiled === undefined) return [];
  const scope = scopeOfSource(compiled);
  if (scope.kind === 'nothing') {
    return [{ code: 'EW2009', at: textAt, message: `${compiled.source} takes no message: ${scope.reason}` }];
  }
  if (scope.kind !== 'module' || layered) return [];
  const name = scope.module.toLowerCase();
  if (modules.some((module) => module.name.toLowerCase() === name)) return [];
  const message = `${compiled.source} names the module "${scope.module}", which the manifest does not have`;
  return [{ code: 'EW2003', at: textAt, message }];
}

function sinkOf({ textAt, compiled }: LintRoute, { modules, layered }: LintSubject): Observation[] {
  if (compiled?.sink.kind !== 'module') return [];
  const { module: name, path } = compiled.sink;
  if (!WELL_FORMED.test(path.trim())) {
    return [{ code: 'EW2013', at: textAt, message: `the endpoint is "${path}"` }];
  }
  const module = modules.find((candidate) => !candidate.system && candidate.name === name);
  if (module === undefined) {
    const similar = modules.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
    const hint = similar === undefined ? '' : `; there is "${similar.name}"`;
    const message = `there is no module "${name}" in the manifest${hint}`;
    // a layer may lead to a module of the base deployment
    return [{ code: 'EW2002', at: textAt, message, ...(layered ? { severity: 'note' } : {}) }];
  }
  if (module.record['status'] !== 'stopped') return [];
  return [{ code: 'EW2014', at: textAt, message: `the status of "${name}" is stopped` }];
}
