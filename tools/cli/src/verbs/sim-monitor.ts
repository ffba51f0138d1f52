import type { Command } from 'commander';
import { telemetryJson } from '@edgewright/contract';
import type { TelemetryRecord } from '@edgewright/workspace';
import type { Invocation } from '../invocation.ts';
import { addFilterFlags, monitorFilter } from '../monitor-flags.ts';
import type { MonitorFlags } from '../monitor-flags.ts';

/** `edgewright sim monitor`: what reaches the hub, one JSON object a line with `--output json`. */
export function defineSimMonitor(group: Command, invocation: Invocation): void {
  const monitor = group
    .command('monitor')
    .description('show messages as they reach the hub; with --output json one JSON object a line');
  addFilterFlags(monitor)
    .addHelpText('after', '\nExample:\n  $ edgewright sim monitor -d plant-1 --from-start --count 10')
    .action(async (flags: MonitorFlags) => {
      const { count, timeout } = flags;
      const timer = timeout === undefined ? [] : [AbortSignal.timeout(timeout * 1000)];
      const filter = monitorFilter(flags);
      await invocation.withSimulator(flags.state, async (simulator) => {
        let shown = 0;
        for await (const record of simulator.monitor(filter, AbortSignal.any([invocation.context.signal, ...timer]))) {
          invocation.terminal.line(
            invocation.terminal.format === 'json' ? JSON.stringify(telemetryJson(record)) : recordText(record),
          );
          shown += 1;
          if (shown === count) break;
        }
      });
    });
}

function recordText(record: TelemetryRecord): string {
  const { deviceId, moduleId, enqueuedTime, properties, systemProperties, body } = record;
  const from = [deviceId, moduleId, systemProperties['outputName']].filter((part) => part !== undefined).join('/');
  const pairs = Object.entries(properties)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
  return `${enqueuedTime}  ${from}  ${body.toString('utf8')}${pairs === '' ? '' : `  {${pairs}}`}`;
}
