import type { Command } from 'commander';
import type { ModelDataset } from '@edgewright/contract';
import { CliError } from './cli-error.ts';

/** The flags that say which data sets a model was made from and tried with. */
export interface DatasetFlags {
  readonly dataset?: readonly ModelDataset[];
  readonly sampleInputDatasetId?: string;
  readonly sampleOutputDatasetId?: string;
}

/** Adds Azure's flags for samples, and `--dataset`, which Azure has in its SDK only. */
export function addDatasetFlags(verb: Command): Command {
  return verb
    .option('--dataset <purpose=id>', 'a data set and what it was for; may be given several times', collectDatasets)
    .option('--sample-input-dataset-id <id>', 'the data set with samples of what the model takes')
    .option('--sample-output-dataset-id <id>', 'the data set with samples of what the model gives');
}

/** The ids of the samples, as far as they were given. */
export function samplesOf(flags: DatasetFlags): Pick<DatasetFlags, 'sampleInputDatasetId' | 'sampleOutputDatasetId'> {
  const { sampleInputDatasetId, sampleOutputDatasetId } = flags;
  return {
    ...(sampleInputDatasetId === undefined ? {} : { sampleInputDatasetId }),
    ...(sampleOutputDatasetId === undefined ? {} : { sampleOutputDatasetId }),
  };
}

function collectDatasets(text: string, former: readonly ModelDataset[] = []): ModelDataset[] {
  const [, name = '', id = ''] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (name === '')
    throw new CliError('UsageInvalid', `--dataset "${text}": expected PURPOSE=ID such as training=diabetes:3`);
  return [...former, { name, id }];
}
