import { DeploymentManifestSchema, documentIssues, EdgeModuleSchema } from '@edgewright/contract';
import { jsonSteps } from '../json-path.ts';
import type { LintSubject, Observation } from '../lint-subject.ts';

// what other rules say with more sense: routes, names of modules, missing system modules
const ROUTE = /\$edgeHub\["properties\.desired"\]\.routes\./;
const MODULE_NAME = /\$edgeAgent\["properties\.desired"\]\.modules\.[^.]*$/;
const SYSTEM_MODULE = /\$edgeAgent\["properties\.desired"\]\.systemModules\.(?<name>edgeAgent|edgeHub)$/;

/** The form of a manifest. Of a layer, the form of its modules. */
export function checkSchema(subject: LintSubject): Observation[] {
  if (subject.layered) return subject.modules.flatMap((module) => moduleIssues(module));
  return documentIssues(DeploymentManifestSchema, subject.document).flatMap((issue): Observation[] => {
    const at = jsonSteps(issue.path);
    const missing = issue.found === 'nothing' ? SYSTEM_MODULE.exec(issue.path)?.groups?.['name'] : undefined;
    if (missing !== undefined) return [{ code: 'EW3005', at, message: `the system module ${missing} is missing` }];
    if (ROUTE.test(issue.path) || (MODULE_NAME.test(issue.path) && issue.found.startsWith('the unknown key')))
      return [];
    return [{ code: 'EW1001', at, message: `expected ${issue.expected}, found ${issue.found}` }];
  });
}

function moduleIssues({ at, record }: LintSubject['modules'][number]): Observation[] {
  return documentIssues(EdgeModuleSchema, record).map((issue) => ({
    code: 'EW1001',
    at: [...at, ...jsonSteps(issue.path)],
    message: `expected ${issue.expected}, found ${issue.found}`,
  }));
}
