import type { Command } from 'commander';
import { parseDriftSettings } from '@edgewright/contract';
import type { DriftSettingsInput } from '@edgewright/contract';
import { collect, wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { hubSelection, withHubFlags } from './hub-flags.ts';
import type { HubFlags } from './hub-flags.ts';

interface ReportFlags extends HubFlags {
  readonly outputFile: string;
  readonly model?: string;
  readonly data?: readonly string[];
  readonly metrics?: readonly string[];
  readonly for?: number;
  readonly every: number;
  readonly deviceId?: readonly string[];
  readonly moduleId: string;
  readonly since?: string;
  readonly until?: string;
  readonly drift?: DriftSettingsInput;
}

const EXAMPLE = `
Examples:
  $ edgewright monitor report --data collected --model diabetes:1 -o report.html
  $ edgewright monitor report --metrics http://localhost:5001/metrics --for 300 -o report.html
  $ edgewright monitor report -d plant-1 -m scorer -o report.html`;

/** `edgewright monitor report`. */
export function defineMonitor(program: Command, invocation: Invocation): void {
  const group = program.command('monitor').description('look at models in production');
  const verb = group
    .command('report')
    .description('write a page with plots of traffic, latency, errors and drift, in one file')
    .option('-o, --output-file <file>', 'the file to write', 'report.html')
    .option('--model <name>', 'NAME or NAME:VERSION: only what was collected of it, compared with its baseline')
    .option(
      '--data <place>',
      'a folder with collected data, or https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX; may be given several times',
      collect,
    )
    .option(
      '--metrics <source>',
      'a file with the text of /metrics, or its address; may be given several times',
      collect,
    )
    .option('--for <seconds>', 'ask addresses of metrics for so long; default once', wholeNumber('--for', 1, 86_400))
    .option('--every <seconds>', 'how often to ask', wholeNumber('--every', 1, 3600), 10)
    .option('-d, --device-id <id>', 'a device whose twin is read; may be given several times', collect)
    .option('-m, --module-id <id>', 'the module of those devices', 'scorer')
    .option('--since <time>', 'only what was collected from then on, ISO 8601')
    .option('--until <time>', 'only what was collected before then')
    .option('--drift <json>', 'windows and limits, as in desired properties: {"windowRows": 1000}', (text) =>
      parseDriftSettings(text, '--drift'),
    );
  withHubFlags(verb)
    .addHelpText('after', EXAMPLE)
    .action(async (flags: ReportFlags) => {
      const report = await invocation.withWorkspace((workspace) =>
        workspace.monitor.report(inputOf(flags, invocation)),
      );
      invocation.terminal.result(report, () =>
        [
          `wrote ${report.file}: ${report.requests} requests, ${report.rows} rows`,
          ...(report.drifted.length === 0 ? [] : [`drifted: ${report.drifted.slice(0, 20).join(', ')}`]),
        ].join('\n'),
      );
    });
}

function inputOf(flags: ReportFlags, invocation: Invocation) {
  const { model, data, metrics, deviceId, moduleId, since, until, drift } = flags;
  const placed = (text: string) => (text.includes('://') ? text : invocation.path(text));
  return {
    output: invocation.path(flags.outputFile),
    ...(model === undefined ? {} : { model }),
    ...(data === undefined ? {} : { data: data.map(placed) }),
    ...(metrics === undefined ? {} : { metrics: metrics.map(placed) }),
    ...(flags.for === undefined ? {} : { forMs: flags.for * 1000 }),
    everyMs: flags.every * 1000,
    ...(deviceId === undefined ? {} : { devices: deviceId, hub: hubSelection(flags, invocation) }),
    moduleId,
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(drift === undefined ? {} : { drift }),
    environment: invocation.context.environment,
    signal: invocation.context.signal,
  };
}
