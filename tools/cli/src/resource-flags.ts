import type { Command } from 'commander';
import { CliError } from './cli-error.ts';
import type { Model } from '@edgewright/contract';

/** Azure's flags for what a service of a model should get. */
export interface ResourceFlags {
  readonly cc?: number;
  readonly gb?: number;
  readonly gc?: number;
}

/** Adds `--cc`, `--gb` and `--gc`. */
export function addResourceFlags(verb: Command): Command {
  return verb
    .option('--cc <cores>', 'cores that a service of the model should get, also parts of one', amount('--cc'))
    .option('--gb <n>', 'memory that it should get, in GB', amount('--gb'))
    .option('--gc <n>', 'graphics processors that it should get', amount('--gc'));
}

/** What the flags say; undefined when they say nothing. */
export function resourcesOf(flags: ResourceFlags): NonNullable<Model['resourceConfiguration']> | undefined {
  const { cc: cpu, gb: memoryInGB, gc: gpu } = flags;
  if (cpu === undefined && memoryInGB === undefined && gpu === undefined) return undefined;
  return {
    ...(cpu === undefined ? {} : { cpu }),
    ...(memoryInGB === undefined ? {} : { memoryInGB }),
    ...(gpu === undefined ? {} : { gpu }),
  };
}

function amount(flag: string) {
  return (text: string): number => {
    if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
    throw new CliError('UsageInvalid', `${flag} is "${text}": expected a number such as 2 or 0.5`);
  };
}
