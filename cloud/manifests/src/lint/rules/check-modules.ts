import { MODULE_NAME_PATTERN } from '@edgewright/contract';
import { recordOf } from '../../json-record.ts';
import type { LintModule, LintSubject, Observation } from '../lint-subject.ts';

/** The most modules of a deployment (learn.microsoft.com, limits of IoT Edge). */
const MAX_MODULES = 50;
const NAME = new RegExp(MODULE_NAME_PATTERN);
const RUNTIME_VARIABLE = /^IOTEDGE_/i;

/** Names, number, status and environment of modules, and twins of modules that are not there. */
export function checkModules(subject: LintSubject): Observation[] {
  const own = subject.modules.filter(({ system }) => !system);
  return [
    ...own.flatMap(wrongName),
    ...tooMany(own),
    ...subject.modules.flatMap(missingStatus),
    ...subject.modules.flatMap(restingHub),
    ...subject.modules.flatMap(runtimeVariables),
    ...twinsOfNobody(subject),
  ];
}

function wrongName({ name, at }: LintModule): Observation[] {
  if (NAME.test(name)) return [];
  return [{ code: 'EW3001', at, message: `"${name}" is no name of a module` }];
}

function tooMany(modules: readonly LintModule[]): Observation[] {
  const surplus = modules[MAX_MODULES];
  if (surplus === undefined) return [];
  const message = `there are ${modules.length} modules, and ${MAX_MODULES} are the most; "${surplus.name}" is one too many`;
  return [{ code: 'EW3002', at: surplus.at, message }];
}

function missingStatus({ name, system, at, record }: LintModule): Observation[] {
  if ('status' in record || (system && name === 'edgeAgent')) return [];
  return [{ code: 'EW3007', at, message: `${name} has no status` }];
}

function restingHub({ name, system, at, record }: LintModule): Observation[] {
  if (!system || name !== 'edgeHub') return [];
  if (record['status'] === 'stopped') {
    return [{ code: 'EW3013', at: [...at, 'status'], message: 'the status of edgeHub is stopped' }];
  }
  const policy = record['restartPolicy'];
  if (typeof policy !== 'string' || policy === 'always') return [];
  return [{ code: 'EW3013', at: [...at, 'restartPolicy'], message: `the restartPolicy of edgeHub is ${policy}` }];
}

function runtimeVariables({ name, system, at, record }: LintModule): Observation[] {
  if (system) return [];
  return Object.keys(recordOf(record['env']) ?? {})
    .filter((variable) => RUNTIME_VARIABLE.test(variable))
    .map((variable) => ({ code: 'EW3011', at: [...at, 'env', variable], message: `${name} sets ${variable}` }));
}

/** A layer may carry the twin of a module that another layer or the base deployment brings. */
function twinsOfNobody({ layered, modules, twins }: LintSubject): Observation[] {
  if (layered) return [];
  const names = new Set(['$edgeAgent', '$edgeHub', ...modules.filter(({ system }) => !system).map(({ name }) => name)]);
  return twins
    .filter(({ module }) => !names.has(module))
    .map(({ module, at }) => ({ code: 'EW3012', at: at.slice(0, -1), message: `there is no module "${module}"` }));
}
