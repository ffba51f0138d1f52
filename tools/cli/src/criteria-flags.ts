import type { Command } from 'commander';
import { modelFrameworks } from '@edgewright/contract';
import type { Model } from '@edgewright/contract';
import type { ModelCriteria } from '@edgewright/workspace';
import { collectPairs, oneOf } from './flag-values.ts';
import { pairTexts } from './model-text.ts';

/** The flags by which models are chosen, beside their names. */
export interface CriteriaFlags {
  readonly tag?: Record<string, string>;
  readonly property?: Record<string, string>;
  readonly modelFramework?: Model['framework'];
  readonly runId?: string;
  readonly datasetId?: string;
}

/** Adds the flags that {@link criteriaOf} reads. */
export function addCriteriaFlags(verb: Command): Command {
  return verb
    .option('--tag <key=value>', 'only models with this tag; may be given several times', collectPairs('--tag'))
    .option('--property <key=value>', 'only models with this property; several times too', collectPairs('--property'))
    .option('--model-framework <name>', 'only models of this framework', oneOf('--model-framework', modelFrameworks))
    .option('--run-id <id>', 'only models of this run')
    .option('--dataset-id <id>', 'only models that refer to this data set');
}

export function criteriaOf({ tag, property, modelFramework, runId, datasetId }: CriteriaFlags): ModelCriteria {
  return {
    ...(tag === undefined ? {} : { tags: pairTexts(tag) }),
    ...(property === undefined ? {} : { properties: pairTexts(property) }),
    ...(modelFramework === undefined ? {} : { framework: modelFramework }),
    ...(runId === undefined ? {} : { runId }),
    ...(datasetId === undefined ? {} : { datasetId }),
  };
}
