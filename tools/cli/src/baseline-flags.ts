import type { Command } from 'commander';
import type { BaselineInput } from '@edgewright/workspace';
import { CliError } from './cli-error.ts';
import { collect } from './flag-values.ts';
import type { Invocation } from './invocation.ts';

/** The flags that name the training data of a model. */
export interface BaselineFlags {
  readonly baseline?: string;
  readonly baselineOutputs?: string;
  readonly target?: readonly string[];
}

/** Adds `--baseline`, `--target` and `--baseline-outputs`. */
export function addBaselineFlags(verb: Command): Command {
  return verb
    .option('--baseline <file>', 'the training data (.csv, .jsonl, .parquet); hosts compare live data with it')
    .option('--target <column>', 'a column of it that is no feature; may be given several times', collect)
    .option('--baseline-outputs <file>', 'a table of what the model answers; default: the model is asked');
}

/** What the flags say of training data. @throws CliError `UsageInvalid` */
export function baselineOf(
  { baseline, baselineOutputs, target }: BaselineFlags,
  invocation: Invocation,
): { readonly baseline?: BaselineInput } {
  if (baseline === undefined) {
    if (baselineOutputs === undefined && target === undefined) return {};
    throw new CliError(
      'UsageInvalid',
      `${target === undefined ? '--baseline-outputs' : '--target'} belongs to --baseline`,
    );
  }
  return {
    baseline: {
      file: invocation.path(baseline),
      ...(target === undefined ? {} : { targets: target }),
      ...(baselineOutputs === undefined ? {} : { outputsFile: invocation.path(baselineOutputs) }),
    },
  };
}
