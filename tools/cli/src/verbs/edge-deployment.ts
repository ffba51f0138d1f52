import type { Command } from 'commander';
import type { DeploymentSettings, Hub, HubDeployment } from '@edgewright/workspace';
import { CliError } from '../cli-error.ts';
import { collectPairs, wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { keyValues, textTable } from '../text-table.ts';
import { hubSelection, withHubFlags } from './hub-flags.ts';
import type { HubFlags } from './hub-flags.ts';

interface SettingFlags extends HubFlags {
  readonly id: string;
  readonly content: string;
  readonly targetCondition?: string;
  readonly priority?: number;
  readonly label?: Record<string, string>;
  readonly metric?: Record<string, string>;
  readonly etag?: string;
  readonly keep: number;
}

/** `edgewright edge deployment create|update|revise|list|show|delete`. */
export function defineEdgeDeployment(parent: Command, invocation: Invocation): void {
  const group = parent
    .command('deployment')
    .description('automatic deployments: content for all devices of a condition');
  const verb: DefineVerb = (name, description, example) =>
    withHubFlags(group.command(name).description(description)).addHelpText(
      'after',
      `\nExample:\n  $ edgewright edge deployment ${name} ${example}`,
    );
  defineChanges(verb, invocation);
  defineLooks(verb, invocation);
}

type DefineVerb = (name: string, description: string, example: string) => Command;

function defineChanges(verb: DefineVerb, invocation: Invocation): void {
  settingFlags(
    verb(
      'create',
      'make a deployment: a base from a manifest, or a layer',
      '-i north -k base.json -t "tags.plant = \'north\'" --priority 10',
    ),
  )
    .requiredOption('-k, --content <file>', 'the manifest, or the layer')
    .action(async (flags: SettingFlags) => {
      const made = await invocation.withWorkspace((workspace) =>
        workspace.edge.createDeployment({
          id: flags.id,
          manifest: invocation.path(flags.content),
          ...settingsOf(flags),
          ...hubSelection(flags, invocation),
        }),
      );
      show(made, invocation);
    });
  settingFlags(
    verb(
      'update',
      'change condition, priority, labels or metrics; content never changes, see revise',
      '-i north --priority 20',
    ),
  )
    .option('--etag <etag>', 'only if the deployment is still this one, as show tells it; default: as it is now')
    .action(async (flags: SettingFlags) => {
      show(await withHub(flags, invocation, (hub) => update(hub, flags)), invocation);
    });
  verb(
    'revise',
    'give the devices of a deployment other content, by a new deployment beside it',
    '-i north -k base-2.json --keep 1',
  )
    .requiredOption('-i, --id <id>', 'the deployment')
    .requiredOption('-k, --content <file>', 'the manifest, or the layer')
    .option('--keep <n>', 'how many older revisions stay; the rest is deleted', wholeNumber('--keep', 0), 1)
    .action(async (flags: SettingFlags) => {
      const revision = await invocation.withWorkspace((workspace) =>
        workspace.edge.reviseDeployment({
          id: flags.id,
          manifest: invocation.path(flags.content),
          keep: flags.keep,
          ...hubSelection(flags, invocation),
        }),
      );
      const removed = revision.removed.length === 0 ? '' : `, deleted ${revision.removed.join(', ')}`;
      invocation.terminal.result(revision, () => `made ${revision.created.id}${removed}`);
    });
}

function defineLooks(verb: DefineVerb, invocation: Invocation): void {
  verb('list', 'list the deployments', '').action(async (flags: HubFlags) => {
    const deployments = await withHub(flags, invocation, (hub) => hub.deployments.list());
    invocation.terminal.result({ deployments }, () => listText(deployments));
  });
  verb('show', 'show a deployment and what its metrics count', '-i north')
    .requiredOption('-i, --id <id>', 'the deployment')
    .action(async (flags: SettingFlags) => {
      show(await withHub(flags, invocation, (hub) => hub.deployments.get(flags.id)), invocation);
    });
  verb('delete', 'delete a deployment; devices get what the next one says', '-i north')
    .requiredOption('-i, --id <id>', 'the deployment')
    .action(async (flags: SettingFlags) => {
      await withHub(flags, invocation, (hub) => hub.deployments.remove(flags.id));
      invocation.terminal.result({ id: flags.id, deleted: true }, () => `deleted ${flags.id}`);
    });
}

function settingFlags(command: Command): Command {
  return command
    .requiredOption('-i, --id <id>', 'the deployment: 1 to 128 characters of a-z, 0-9 and -')
    .option('-t, --target-condition <condition>', 'devices by their twins, such as "tags.plant = \'north\'"; * for all')
    .option('--priority <n>', 'where deployments contradict, the larger number counts', wholeNumber('--priority', 0))
    .option('--label <key=value>', 'a label; may be given several times', collectPairs('--label'))
    .option(
      '--metric <name=query>',
      'a query whose rows are counted; may be given several times',
      collectPairs('--metric'),
    );
}

async function withHub<Result>(
  flags: HubFlags,
  invocation: Invocation,
  action: (hub: Hub) => Promise<Result>,
): Promise<Result> {
  return await invocation.withWorkspace(async (workspace) => {
    await using hub = await workspace.edge.hub(hubSelection(flags, invocation));
    return await action(hub);
  });
}

async function update(hub: Hub, flags: SettingFlags): Promise<HubDeployment> {
  const settings = settingsOf(flags);
  if (Object.keys(settings).length === 0) {
    throw new CliError('UsageInvalid', 'nothing to change: give --target-condition, --priority, --label or --metric');
  }
  const read = await hub.deployments.get(flags.id);
  return await hub.deployments.update({ ...read, etag: flags.etag ?? read.etag }, settings);
}

function settingsOf({ targetCondition, priority, label, metric }: SettingFlags): Partial<DeploymentSettings> {
  return {
    ...(targetCondition === undefined ? {} : { targetCondition }),
    ...(priority === undefined ? {} : { priority }),
    ...(label === undefined ? {} : { labels: label }),
    ...(metric === undefined ? {} : { metrics: metric }),
  };
}

function show(deployment: HubDeployment, invocation: Invocation): void {
  const { id, targetCondition, priority, createdTime, etag, labels, results } = deployment;
  const pairs = (record: object) =>
    Object.entries(record)
      .map(([key, value]) => `${key}=${String(value)}`)
      .join(', ');
  invocation.terminal.result(deployment, () =>
    keyValues([
      ['deployment', id],
      ['condition', targetCondition === '' ? 'none' : targetCondition],
      ['priority', String(priority)],
      ['labels', pairs(labels) || undefined],
      ['created', createdTime],
      ['etag', etag],
      ['counts', pairs(results) || undefined],
    ]),
  );
}

function listText(deployments: readonly HubDeployment[]): string {
  if (deployments.length === 0) return 'no deployments';
  return textTable(deployments, [
    { heading: 'DEPLOYMENT', cell: ({ id }) => id },
    { heading: 'PRIORITY', cell: ({ priority }) => String(priority), align: 'right' },
    { heading: 'TARGETED', cell: ({ results }) => String(results['targetedCount'] ?? ''), align: 'right' },
    { heading: 'APPLIED', cell: ({ results }) => String(results['appliedCount'] ?? ''), align: 'right' },
    { heading: 'CONDITION', cell: ({ targetCondition }) => targetCondition },
  ]);
}
