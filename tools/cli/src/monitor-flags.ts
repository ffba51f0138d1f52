import type { Command } from 'commander';
import type { TelemetryFilter } from '@edgewright/workspace';
import { collectPairs, wholeNumber } from './flag-values.ts';

/** Which messages a verb follows, and for how long. */
export interface MonitorFlags {
  readonly deviceId?: string;
  readonly moduleId?: string;
  readonly outputName?: string;
  readonly property?: Record<string, string>;
  readonly body?: Record<string, string>;
  readonly fromStart?: boolean;
  readonly count?: number;
  readonly timeout?: number;
  readonly state?: string;
}

/** Gives a verb the flags that choose messages. */
export function addFilterFlags(command: Command): Command {
  return command
    .option('-d, --device-id <id>', 'only this device')
    .option('-m, --module-id <id>', 'only this module')
    .option('--output-name <name>', 'only messages that left by this output')
    .option('--property <key=value>', 'only messages with this application property', collectPairs('--property'))
    .option(
      '--body <path=value>',
      'only messages whose JSON body has this value, such as machine.values[0]=3',
      collectPairs('--body'),
    )
    .option('--from-start', 'begin with the oldest message that is kept')
    .option('--count <n>', 'end after so many messages', wholeNumber('--count', 1))
    .option('--timeout <seconds>', 'end after so many seconds', wholeNumber('--timeout', 1))
    .option('--state <dir>', 'the state folder of the simulator; default: simulator in the workspace');
}

/** The filter that the flags ask for. */
export function monitorFilter(flags: MonitorFlags): TelemetryFilter {
  const { deviceId, moduleId, outputName, property, body, fromStart } = flags;
  return {
    ...(deviceId === undefined ? {} : { deviceId }),
    ...(moduleId === undefined ? {} : { moduleId }),
    ...(outputName === undefined ? {} : { outputName }),
    ...(property === undefined ? {} : { properties: property }),
    ...(body === undefined ? {} : { body }),
    ...(fromStart === true ? { afterSequenceNumber: 0 } : {}),
  };
}
