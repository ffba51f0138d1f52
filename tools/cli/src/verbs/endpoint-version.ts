import type { Command } from 'commander';
import type { Endpoint, TrafficInput } from '@edgewright/workspace';
import { collect, wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { addSettingFlags, settingOverrides } from '../setting-flags.ts';
import { planText } from './model-deploy.ts';

interface VersionFlags {
  readonly name: string;
  readonly versionName?: string;
  readonly trafficPercentile?: number;
  readonly isDefault?: boolean;
  readonly controlVersion?: boolean;
  readonly model?: string[];
  readonly ic?: string;
  readonly dc?: string;
  readonly ct?: string;
  readonly image?: string;
  readonly dryRun?: boolean;
}

interface Parts {
  readonly invocation: Invocation;
  readonly endpointText: (endpoint: Endpoint) => string;
}

/** `create-version`, `update-version` and `delete-version` of `edgewright endpoint realtime`. */
export function defineEndpointVersions(group: Command, parts: Parts): void {
  defineCreate(group, parts);
  defineChange(group, parts);
  defineDelete(group, parts);
}

function defineCreate(group: Command, { invocation, endpointText }: Parts): void {
  const verb = group
    .command('create-version')
    .description(
      'deploy a version, wait until it is healthy, and give it its traffic; the first one makes the endpoint',
    )
    .requiredOption('-n, --name <name>', 'the endpoint')
    .requiredOption('-m, --model <id>', 'a registered model, NAME or NAME:VERSION; may be given several times', collect)
    .requiredOption('--dc <file>', 'the deployment configuration, JSON or YAML')
    .option('--vn, --version-name <name>', 'the version; default for the first one: the name of the endpoint')
    .option('--ic <file>', 'the inference configuration; without one the model is served as it is')
    .option('--ct <name>', 'the compute target; default: that of the endpoint')
    .option('--image <reference>', 'an image that the target can pull, instead of one that is built and pushed now')
    .option('--dry-run', 'print what would be done, and the objects of Kubernetes as YAML; do nothing');
  addSettingFlags(addTrafficFlags(verb))
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright endpoint realtime create-version -n diabetes --vn green -m diabetes:2 --dc deploymentconfig.json --traffic-percentile 10',
    )
    .action(async (flags: VersionFlags & { dc: string; model: string[] }) => {
      const input = {
        ...commonOf(flags, invocation),
        models: flags.model,
        deploymentConfig: invocation.path(flags.dc),
        versionName: flags.versionName,
        computeTarget: flags.ct,
      };
      await invocation.withWorkspace(async ({ endpoints }) => {
        if (flags.dryRun === true) {
          const plan = await endpoints.planVersion(input);
          invocation.terminal.result(plan, () => planText(plan));
          return;
        }
        const endpoint = await endpoints.createVersion(input);
        invocation.terminal.result(endpoint, () => endpointText(endpoint));
      });
    });
}

function defineChange(group: Command, { invocation, endpointText }: Parts): void {
  const verb = group
    .command('update-version')
    .description('change a version: its traffic, its role, what it runs; a change that fails is rolled back')
    .requiredOption('-n, --name <name>', 'the endpoint')
    .requiredOption('--vn, --version-name <name>', 'the version')
    .option('-m, --model <id>', 'a registered model, NAME or NAME:VERSION; may be given several times', collect)
    .option('--ic <file>', 'the inference configuration')
    .option('--dc <file>', 'the deployment configuration')
    .option('--image <reference>', 'an image that the target can pull, instead of one that is built now');
  addSettingFlags(addTrafficFlags(verb))
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright endpoint realtime update-version -n diabetes --vn green --traffic-percentile 50',
    )
    .action(async (flags: VersionFlags & { versionName: string }) => {
      const endpoint = await invocation.withWorkspace(({ endpoints }) =>
        endpoints.updateVersion({
          ...commonOf(flags, invocation),
          versionName: flags.versionName,
          ...(flags.model === undefined ? {} : { models: flags.model }),
          ...(flags.dc === undefined ? {} : { deploymentConfig: invocation.path(flags.dc) }),
        }),
      );
      invocation.terminal.result(endpoint, () => endpointText(endpoint));
    });
}

function defineDelete(group: Command, { invocation, endpointText }: Parts): void {
  group
    .command('delete-version')
    .description('take the traffic from a version and end it; the default version gets its share')
    .requiredOption('-n, --name <name>', 'the endpoint')
    .requiredOption('--vn, --version-name <name>', 'the version')
    .addHelpText('after', '\nExample:\n  $ edgewright endpoint realtime delete-version -n diabetes --vn green')
    .action(async ({ name, versionName }: { name: string; versionName: string }) => {
      const endpoint = await invocation.withWorkspace(({ endpoints }) => endpoints.deleteVersion(name, versionName));
      invocation.terminal.result(endpoint, () => endpointText(endpoint));
    });
}

function addTrafficFlags(verb: Command): Command {
  return verb
    .option(
      '--tp, --traffic-percentile <n>',
      'per cent of the traffic; the default version gets what is left',
      wholeNumber('--traffic-percentile', 0, 100),
    )
    .option('--is-default', 'make it the default version')
    .option('--control-version', 'make it the version that the others are compared with');
}

function commonOf(
  flags: VersionFlags,
  invocation: Invocation,
): TrafficInput & {
  readonly name: string;
  readonly inferenceConfig: string | undefined;
  readonly image: string | undefined;
  readonly overrides: Record<string, unknown>;
  readonly signal: AbortSignal;
} {
  return {
    name: flags.name,
    inferenceConfig: flags.ic === undefined ? undefined : invocation.path(flags.ic),
    image: flags.image,
    overrides: settingOverrides(flags as unknown as Record<string, unknown>),
    signal: invocation.context.signal,
    trafficPercentile: flags.trafficPercentile,
    isDefault: flags.isDefault,
    isControlVersion: flags.controlVersion,
  };
}
