import type { Command } from 'commander';
import { CliError } from './cli-error.ts';
import { collectPairs } from './flag-values.ts';

type Read = (text: string) => unknown;

/** A flag that stands for a key of the deployment configuration. */
interface SettingFlag {
  readonly flags: string;
  readonly path: readonly string[];
  readonly description: string;
  readonly read: Read;
}

const number: Read = (text) => {
  const value = Number(text);
  // a wrong one is refused by the schema, with the path of its key
  return text.trim() === '' || Number.isNaN(value) ? text : value;
};
const words: Read = (text) => text;
const truth: Read = (text) => (text === 'true' ? true : text === 'false' ? false : text);

const flag = (flags: string, path: string, read: Read): SettingFlag => ({
  flags,
  path: path.split('.'),
  description: path,
  read,
});

/** Azure's flags for the keys of the deployment configuration. */
const SETTINGS: readonly SettingFlag[] = [
  flag('--description <text>', 'description', words),
  flag('--auth-enabled <bool>', 'authEnabled', truth),
  flag('--token-auth-enabled <bool>', 'tokenAuthEnabled', truth),
  flag('--primary-key <key>', 'keys.primaryKey', words),
  flag('--secondary-key <key>', 'keys.secondaryKey', words),
  flag('--model-control <none|explicit>', 'modelControl', words),
  flag('--page <bool>', 'page', truth),
  flag('--ai, --enable-app-insights <bool>', 'appInsightsEnabled', truth),
  flag('--collect-model-data <bool>', 'collectModelData.enabled', truth),
  flag('--port <n>', 'port', number),
  flag('--container [bool]', 'container', truth),
  flag('--timeout-ms <n>', 'scoringTimeoutMs', number),
  flag('--replica-max-concurrent-requests <n>', 'maxConcurrentRequestsPerContainer', number),
  flag('--max-request-wait-time <ms>', 'maxQueueWaitMs', number),
  flag('--cc, --cpu-cores <n>', 'containerResourceRequirements.cpu', number),
  flag('--ccl, --cpu-cores-limit <n>', 'containerResourceRequirements.cpuLimit', number),
  flag('--gb, --memory-gb <n>', 'containerResourceRequirements.memoryInGB', number),
  flag('--gbl, --memory-gb-limit <n>', 'containerResourceRequirements.memoryInGBLimit', number),
  flag('--gc, --gpu-cores <n>', 'containerResourceRequirements.gpu', number),
  flag('--num-replicas <n>', 'numReplicas', number),
  flag('--autoscale-enabled <bool>', 'autoScaler.autoscaleEnabled', truth),
  flag('--autoscale-min-replicas <n>', 'autoScaler.minReplicas', number),
  flag('--autoscale-max-replicas <n>', 'autoScaler.maxReplicas', number),
  flag('--autoscale-refresh-seconds <n>', 'autoScaler.refreshPeriodInSeconds', number),
  flag('--autoscale-target-utilization <n>', 'autoScaler.targetUtilization', number),
  flag('--namespace <name>', 'namespace', words),
];

/** Adds a flag for each key of the deployment configuration; the description of each is its key. */
export function addSettingFlags(verb: Command): Command {
  for (const { flags, description, read } of SETTINGS) {
    verb.option(flags, `${description}; wins over the file`, (text: string) => read(text));
  }
  return verb
    .option('--tag <key=value>', 'kvTags; may be given several times', collectPairs('--tag'))
    .option('--property <key=value>', 'properties; may be given several times', collectPairs('--property'));
}

/** What the flags say, in the form of the deployment configuration. */
export function settingOverrides(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const overrides: Record<string, unknown> = {};
  for (const { flags, path } of SETTINGS) {
    const value = given[attribute(flags)];
    if (value !== undefined) put(overrides, path, value);
  }
  if (given['tag'] !== undefined) overrides['kvTags'] = given['tag'];
  if (given['property'] !== undefined) overrides['properties'] = given['property'];
  return overrides;
}

/** commander's name of a flag: `--max-request-wait-time <ms>` is `maxRequestWaitTime`. */
function attribute(flags: string): string {
  const name = /--([a-z-]+) [<[]/.exec(flags)?.[1];
  if (name === undefined) throw new CliError('UsageInvalid', `the flag "${flags}" has no long name`);
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function put(target: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const inner = (target[key] ??= {}) as Record<string, unknown>;
  put(inner, rest, value);
}
