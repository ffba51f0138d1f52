import type { Command } from 'commander';
import { platforms } from '@edgewright/contract';
import type { Platform } from '@edgewright/contract';
import type { ConfigurationChange, FleetPlan, ImagePull } from '@edgewright/workspace';
import { CliError } from '../cli-error.ts';
import { collect, oneOf, wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { sizeText } from '../text-table.ts';
import { hubSelection, withHubFlags } from './hub-flags.ts';
import type { HubFlags } from './hub-flags.ts';

interface PlanFlags extends HubFlags {
  readonly content?: string;
  readonly id?: string;
  readonly targetCondition?: string;
  readonly priority?: number;
  readonly remove?: string[];
  readonly platform: Platform;
  readonly askRegistries?: boolean;
  readonly all?: boolean;
}

/** `edgewright edge plan`. */
export function defineEdgePlan(group: Command, invocation: Invocation): void {
  const command = group
    .command('plan')
    .description(
      'what a deployment would do to each device: modules, routes, restarts, bytes to pull; nothing is changed',
    )
    .option('-k, --content <file>', 'the manifest or layer that would be deployed')
    .option('-i, --id <id>', 'the id that it would have; a deployment of this id is replaced in the plan')
    .option('-t, --target-condition <condition>', 'its condition; default: that of the deployment of this id')
    .option('--priority <n>', 'its priority; default: that of the deployment of this id', wholeNumber('--priority', 0))
    .option('--remove <id>', 'a deployment that would be deleted; may be given several times', collect)
    .option(
      '--platform <name>',
      'the platform of the devices, for the bytes to pull',
      oneOf('--platform', platforms),
      'amd64',
    )
    .option('--ask-registries', 'ask registries for the layers of images that the workspace does not have')
    .option('--all', 'also what stays the same');
  withHubFlags(command)
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright edge plan -k layer.json -i scorer-2 -t "tags.plant = \'north\'" --priority 20',
    )
    .action(async (flags: PlanFlags) => {
      const { content, id, targetCondition, priority, remove, platform } = flags;
      if (content === undefined && remove === undefined) {
        throw new CliError('UsageInvalid', 'nothing to plan: give --content, --remove or both');
      }
      const plan = await invocation.withWorkspace((workspace) =>
        workspace.fleet.plan({
          ...hubSelection(flags, invocation),
          ...(content === undefined ? {} : { manifest: invocation.path(content) }),
          ...(id === undefined ? {} : { id }),
          ...(targetCondition === undefined ? {} : { targetCondition }),
          ...(priority === undefined ? {} : { priority }),
          ...(remove === undefined ? {} : { remove }),
          platform,
          askRegistries: flags.askRegistries === true,
        }),
      );
      const groups = plan.changing.map(({ deviceIds, before, after, change }) => ({
        deviceIds,
        deploymentsBefore: before?.deployments ?? [],
        deploymentsAfter: after?.deployments ?? [],
        ...change,
      }));
      invocation.terminal.result({ groups, unchanged: plan.unchanged }, () => planText(plan, flags.all === true));
    });
}

/** `edgewright edge diff`. */
export function defineEdgeDiff(group: Command, invocation: Invocation): void {
  const command = group
    .command('diff')
    .description('what differs between two manifests, deployments or devices')
    .argument('<before>', 'a manifest or layer file, deployment:ID or device:ID')
    .argument('<after>', 'the same')
    .option('--platform <name>', 'the platform, for the bytes to pull', oneOf('--platform', platforms), 'amd64')
    .option('--ask-registries', 'ask registries for the layers of images that the workspace does not have');
  withHubFlags(command)
    .addHelpText('after', '\nExample:\n  $ edgewright edge diff device:plant-1 config/deployment.amd64.json')
    .action(
      async (before: string, after: string, flags: HubFlags & { platform: Platform; askRegistries?: boolean }) => {
        const side = (text: string) => (/^(deployment|device):./.test(text) ? text : invocation.path(text));
        const change = await invocation.withWorkspace((workspace) =>
          workspace.fleet.diff({
            ...hubSelection(flags, invocation),
            before: side(before),
            after: side(after),
            platform: flags.platform,
            askRegistries: flags.askRegistries === true,
          }),
        );
        invocation.terminal.result(change, () => changeLines(change, false).join('\n') || 'no difference');
      },
    );
}

const MOST_NAMES = 5;

function planText({ changing, unchanged }: FleetPlan, all: boolean): string {
  const groups = changing.map(({ deviceIds, before, after, change }) => {
    const names = `${deviceIds.slice(0, MOST_NAMES).join(', ')}${deviceIds.length > MOST_NAMES ? ' …' : ''}`;
    const of = (side: typeof before) => side?.deployments.join(' + ') ?? 'no deployment';
    return [
      `${deviceIds.length} ${deviceIds.length === 1 ? 'device' : 'devices'} (${names}): ${of(before)} → ${of(after)}`,
      ...changeLines(change, all).map((line) => `  ${line}`),
    ].join('\n');
  });
  return [...groups, `${unchanged} ${unchanged === 1 ? 'device stays' : 'devices stay'} the same`].join('\n\n');
}

function changeLines(
  { modules, routes, pulls, pullBytes, unknownImages }: ConfigurationChange,
  all: boolean,
): string[] {
  const from = (id: string) => (id === '' ? '' : `  [${id}]`);
  return [
    ...modules
      .filter(({ effect }) => all || effect !== 'same')
      .map(({ name, effect, imageBefore, imageAfter, changed, from: origin }) => {
        const images =
          imageBefore === imageAfter ? (imageAfter ?? '') : `${imageBefore ?? 'nothing'} → ${imageAfter ?? 'nothing'}`;
        return `module ${name} ${EFFECTS[effect]}: ${[images, ...changed.filter((what) => what !== 'settings.image')].join(', ')}${from(origin)}`;
      }),
    ...routes
      .filter(({ effect }) => all || effect !== 'same')
      .map(({ name, effect, before, after, from: origin }) =>
        effect === 'changed'
          ? `route ${name} changes: ${before ?? ''} → ${after ?? ''}${from(origin)}`
          : `route ${name} ${effect === 'same' ? 'stays' : `is ${effect}`}: ${after ?? before ?? ''}${from(origin)}`,
      ),
    ...pulls.flatMap(pullLines),
    ...(pulls.length > 1 ? [`to pull in all: ${sizeText(pullBytes)}`] : []),
    ...unknownImages.map((image) => `to pull: ${image}, whose layers are not known here`),
  ];
}

/** An image and its layers: what is pulled, and what the device has already. */
function pullLines({ image, pullBytes, layers }: ImagePull): string[] {
  const total = layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const digest = (text: string) => text.replace(/^sha256:/, '').slice(0, 12);
  return [
    `to pull: ${image}, ${sizeText(pullBytes)} of ${sizeText(total)}`,
    ...layers.map((layer) =>
      `  ${layer.isPresent ? 'there' : 'pull '} ${sizeText(layer.sizeBytes).padStart(8)}  ${digest(layer.digest)}  ${layer.role ?? ''}`.trimEnd(),
    ),
  ];
}

const EFFECTS = {
  starts: 'starts',
  stops: 'stops',
  restarts: 'restarts with a new container',
  settings: 'goes on, with other settings',
  twin: 'goes on, with a change of its twin only',
  removed: 'is removed',
  same: 'stays',
} as const;
