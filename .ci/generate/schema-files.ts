import {
  BatchConfigSchema,
  BatchJobSchema,
  BatchStatusSchema,
  CollectedRowSchema,
  CollectionSchema,
  DeploymentConfigSchema,
  DeploymentManifestSchema,
  DriftBaselineSchema,
  DriftEventSchema,
  InferenceConfigSchema,
  ModelSchema,
  RemoteModelSchema,
  RolloutFileSchema,
  ScorerDesiredSchema,
  ScorerReportedSchema,
  ScoringConfigSchema,
  ScoringErrorSchema,
  ModelProfileSchema,
  WorkspaceConfigSchema,
} from '@edgewright/contract';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** The schemas that editors and other programs may want, by file name. */
const schemas: Readonly<Record<string, object>> = {
  'batch-job.json': BatchJobSchema,
  'batch-status.json': BatchStatusSchema,
  'batchconfig.json': BatchConfigSchema,
  'collected-row.json': CollectedRowSchema,
  'collection.json': CollectionSchema,
  'deployment.json': DeploymentManifestSchema,
  'deploymentconfig.json': DeploymentConfigSchema,
  'drift-baseline.json': DriftBaselineSchema,
  'drift-event.json': {
    $id: 'https://edgewright.dev/schemas/drift-event.json',
    title: 'an event of drift',
    ...DriftEventSchema,
  },
  'inferenceconfig.json': InferenceConfigSchema,
  'model.json': { $id: 'https://edgewright.dev/schemas/model.json', title: 'a registered model', ...ModelSchema },
  'remote-model.json': RemoteModelSchema,
  'rollout.json': RolloutFileSchema,
  'scorer-desired.json': ScorerDesiredSchema,
  'scorer-reported.json': ScorerReportedSchema,
  'scoring-config.json': ScoringConfigSchema,
  'scoring-error.json': ScoringErrorSchema,
  'model-profile.json': ModelProfileSchema,
  'workspace.json': WorkspaceConfigSchema,
};

/** JSON Schema files: a TypeBox schema is JSON Schema, so it is written as it stands. */
export function schemaFiles(): [name: string, text: string][] {
  return Object.entries(schemas).map(([name, schema]) => [
    name,
    `${JSON.stringify({ $schema: DIALECT, ...schema }, undefined, 2)}\n`,
  ]);
}
