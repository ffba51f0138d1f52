import type { Command } from 'commander';
import type { TelemetryRecord } from '@edgewright/workspace';
import { collectPairs, wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';

interface MonitorFlags {
  readonly deviceId?: string;
  readonly moduleId?: string;
  readonly outputName?: string;
  readonly property?: Record<string, string>;
  readonly fromStart?: boolean;
  readonly count?: number;
  readonly timeout?: number;
  readonly state?: string;
}

/** `edgewright sim monitor`: what reaches the hub, one JSON object a line with `--output json`. */
export function defineSimMonitor(group: Command, invocation: Invocation): void {
  group
    .command('monitor')
    .description('show messages as they reach the hub; with --output json one JSON object a line')
    .option('-d, --device-id <id>', 'only this device')
    .option('-m, --module-id <id>', 'only this module')
    .option('--output-name <name>', 'only messages that left by this output')
    .option('--property <key=value>', 'only messages with this application property', collectPairs('--property'))
    .option('--from-start', 'begin with the oldest message that is kept')
    .option('--count <n>', 'end after so many messages', wholeNumber('--count', 1))
    .option('--timeout <seconds>', 'end after so many seconds', wholeNumber('--timeout', 1))
    .option('--state <dir>', 'the state folder of the simulator; default: simulator in the workspace')
    .addHelpText('after', '\nExample:\n  $ edgewright sim monitor -d plant-1 --from-start --count 10')
    .action(async (flags: MonitorFlags) => {
      const { deviceId, moduleId, outputName, property, fromStart, count, timeout } = flags;
      const timer = timeout === undefined ? [] : [AbortSignal.timeout(timeout * 1000)];
      const filter = {
        ...(deviceId === undefined ? {} : { deviceId }),
        ...(moduleId === undefined ? {} : { moduleId }),
        ...(outputName === undefined ? {} : { outputName }),
        ...(property === undefined ? {} : { properties: property }),
        ...(fromStart === true ? { afterSequenceNumber: 0 } : {}),
      };
      await invocation.withSimulator(flags.state, async (simulator) => {
        let shown = 0;
        for await (const record of simulator.monitor(filter, AbortSignal.any([invocation.context.signal, ...timer]))) {
          invocation.terminal.line(
            invocation.terminal.format === 'json' ? JSON.stringify(jsonRecord(record)) : recordText(record),
          );
          shown += 1;
          if (shown === count) break;
        }
      });
    });
}

/** The body as JSON where it is JSON, as text where it is text, else in base64. */
function jsonRecord(record: TelemetryRecord): Record<string, unknown> {
  const { body, ...rest } = record;
  const text = body.toString('utf8');
  if (!Buffer.from(text).equals(body)) return { ...rest, bodyBase64: body.toString('base64') };
  try {
    return { ...rest, body: JSON.parse(text) as unknown };
  } catch {
    return { ...rest, body: text };
  }
}

function recordText(record: TelemetryRecord): string {
  const { deviceId, moduleId, enqueuedTime, properties, systemProperties, body } = record;
  const from = [deviceId, moduleId, systemProperties['outputName']].filter((part) => part !== undefined).join('/');
  const pairs = Object.entries(properties)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
  return `${enqueuedTime}  ${from}  ${body.toString('utf8')}${pairs === '' ? '' : `  {${pairs}}`}`;
}
