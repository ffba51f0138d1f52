import type { LintSubject, Observation } from './lint-subject.ts';
import { checkChanges } from './rules/check-changes.ts';
import { checkCreateOptions } from './rules/check-create-options.ts';
import { checkEndpoints } from './rules/check-endpoints.ts';
import { checkFlow } from './rules/check-flow.ts';
import { checkImages } from './rules/check-images.ts';
import { checkLayer } from './rules/check-layer.ts';
import { checkLimits } from './rules/check-limits.ts';
import { checkModules } from './rules/check-modules.ts';
import { checkPlaceholders } from './rules/check-placeholders.ts';
import { checkPortability } from './rules/check-portability.ts';
import { checkRoutes } from './rules/check-routes.ts';
import { checkSchema } from './rules/check-schema.ts';
import { checkSecrets } from './rules/check-secrets.ts';
import { checkStackEdge } from './rules/check-stack-edge.ts';
import { checkVersions } from './rules/check-versions.ts';

/** Looks at a manifest and says what it finds. */
export type LintRule = (subject: LintSubject) => Observation[];

/** Every rule of lint. */
export const lintRules: readonly LintRule[] = [
  checkSchema,
  checkLayer,
  checkVersions,
  checkPlaceholders,
  checkModules,
  checkImages,
  checkCreateOptions,
  checkStackEdge,
  checkRoutes,
  checkEndpoints,
  checkFlow,
  checkLimits,
  checkSecrets,
  checkChanges,
  checkPortability,
];
