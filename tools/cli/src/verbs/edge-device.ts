import type { Command } from 'commander';
import type { ModuleNews } from '@edgewright/workspace';
import { CliError } from '../cli-error.ts';
import { wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { hubSelection, withHubFlags } from './hub-flags.ts';
import type { HubFlags } from './hub-flags.ts';

/** `edgewright edge invoke|logs|monitor`. */
export function defineEdgeDevice(group: Command, invocation: Invocation): void {
  defineInvoke(group, invocation);
  defineLogs(group, invocation);
  defineMonitor(group, invocation);
}

interface InvokeFlags extends HubFlags {
  readonly deviceId: string;
  readonly moduleId?: string;
  readonly name: string;
  readonly payload?: string;
  readonly timeout: number;
}

function defineInvoke(group: Command, invocation: Invocation): void {
  const command = group
    .command('invoke')
    .description('call a direct method of a device or module')
    .requiredOption('-d, --device-id <id>', 'the device')
    .option('-m, --module-id <id>', 'a module of it, such as $edgeAgent')
    .requiredOption('-n, --name <method>', 'the method, such as ping')
    .option('--payload <json>', 'what goes with it; default null')
    .option('--timeout <seconds>', 'how long the device may take', wholeNumber('--timeout', 5, 300), 30);
  withHubFlags(command)
    .addHelpText('after', "\nExample:\n  $ edgewright edge invoke -d plant-1 -m '$edgeAgent' -n ping")
    .action(async (flags: InvokeFlags) => {
      const { deviceId, moduleId, name, timeout } = flags;
      const answer = await invocation.withWorkspace(async (workspace) => {
        const selection = { ...hubSelection(flags, invocation), timeoutMs: (timeout + 15) * 1000 };
        await using hub = await workspace.edge.hub(selection);
        return await hub.invoke({
          deviceId,
          ...(moduleId === undefined ? {} : { moduleId }),
          name,
          payload: payloadOf(flags.payload),
          responseSeconds: timeout,
        });
      });
      if (answer.status >= 400) invocation.exitCode = 1;
      invocation.terminal.result(answer, () => `status ${answer.status}\n${JSON.stringify(answer.payload, null, 2)}`);
    });
}

function payloadOf(text: string | undefined): unknown {
  try {
    return text === undefined ? null : (JSON.parse(text) as unknown);
  } catch {
    throw new CliError('UsageInvalid', `--payload is ${String(text)}: expected JSON`);
  }
}

interface LogsFlags extends HubFlags {
  readonly deviceId: string;
  readonly moduleId: string;
  readonly tail?: number;
  readonly since?: string;
  readonly until?: string;
  readonly regex?: string;
  readonly logLevel?: number;
}

function defineLogs(group: Command, invocation: Invocation): void {
  const command = group
    .command('logs')
    .description('logs of modules, read by edgeAgent on the device')
    .requiredOption('-d, --device-id <id>', 'the edge device')
    .option('-m, --module-id <regex>', 'names of modules, as a regular expression', '.*')
    .option('--tail <n>', 'so many of the last lines', wholeNumber('--tail', 1))
    .option('--since <when>', 'a duration such as 5m, or a time such as 2026-01-31T08:00:00Z')
    .option('--until <when>', 'the same')
    .option('--regex <regex>', 'only lines that match')
    .option('--log-level <n>', 'only lines at least as severe, 0 to 7 as in syslog', wholeNumber('--log-level', 0, 7));
  withHubFlags(command)
    .addHelpText('after', '\nExample:\n  $ edgewright edge logs -d plant-1 -m scorer --tail 50')
    .action(async (flags: LogsFlags) => {
      const { deviceId, moduleId: module, tail, since, until, regex, logLevel } = flags;
      const request = {
        deviceId,
        module,
        ...(tail === undefined ? {} : { tail }),
        ...(since === undefined ? {} : { since }),
        ...(until === undefined ? {} : { until }),
        ...(regex === undefined ? {} : { regex }),
        ...(logLevel === undefined ? {} : { logLevel }),
      };
      const logs = await invocation.withWorkspace((workspace) =>
        workspace.edge.logs(request, hubSelection(flags, invocation)),
      );
      invocation.terminal.result({ logs }, () =>
        logs.map((log) => `== ${log.module} ==\n${log.text.trimEnd()}`).join('\n'),
      );
    });
}

interface MonitorFlags extends HubFlags {
  readonly deviceId?: string;
  readonly condition?: string;
  readonly interval: number;
  readonly timeout?: number;
  readonly count?: number;
}

function defineMonitor(group: Command, invocation: Invocation): void {
  const command = group
    .command('monitor')
    .description('how the modules of a fleet fare, as edgeAgent reports it, and then what changes')
    .option('-d, --device-id <id>', 'only this device')
    .option('-c, --condition <condition>', "only devices of this condition on edgeAgent's twin")
    .option('--interval <seconds>', 'time between two looks', wholeNumber('--interval', 1, 3600), 10)
    .option('--count <n>', 'end after so many lines', wholeNumber('--count', 1))
    .option('--timeout <seconds>', 'end after so many seconds', wholeNumber('--timeout', 1));
  withHubFlags(command)
    .addHelpText('after', '\nExample:\n  $ edgewright edge monitor -d plant-1 --timeout 60')
    .action(async (flags: MonitorFlags) => monitor(flags, invocation));
}

async function monitor(flags: MonitorFlags, invocation: Invocation): Promise<void> {
  const { deviceId, condition, interval, timeout, count } = flags;
  const named = deviceId === undefined ? [] : [`deviceId = '${deviceId.replaceAll("'", "\\'")}'`];
  const conditions = [...named, ...(condition === undefined ? [] : [`(${condition})`])];
  const timer = timeout === undefined ? [] : [AbortSignal.timeout(timeout * 1000)];
  const options = {
    intervalMs: interval * 1000,
    signal: AbortSignal.any([invocation.context.signal, ...timer]),
    ...(conditions.length === 0 ? {} : { condition: conditions.join(' AND ') }),
  };
  await invocation.withWorkspace(async (workspace) => {
    let shown = 0;
    for await (const news of workspace.edge.watch(options, hubSelection(flags, invocation))) {
      invocation.terminal.line(invocation.terminal.format === 'json' ? JSON.stringify(news) : newsText(news));
      shown += 1;
      if (shown === count) break;
    }
  });
}

function newsText({ deviceId, module, status, image, restarts, configurationCode }: ModuleNews): string {
  const again = restarts === 0 ? '' : `, restarted ${restarts} times`;
  const code =
    configurationCode === undefined || configurationCode === 200 ? '' : `, configuration ${configurationCode}`;
  return `${deviceId}/${module}  ${status}  ${image}${again}${code}`;
}
