import type { Command } from 'commander';
import type { Service } from '@edgewright/workspace';
import { readTextFile } from '@edgewright/workspace';
import { CliError } from '../cli-error.ts';
import { collect, oneOf, wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { keyValues, textTable } from '../text-table.ts';
import { addSettingFlags, settingOverrides } from '../setting-flags.ts';

/** `edgewright service …`, with the flags of `az ml service`. */
export function defineService(program: Command, invocation: Invocation): void {
  const group = program.command('service').description('services: list, show, update, call and delete them');
  defineList(group, invocation);
  defineShow(group, invocation);
  defineUpdate(group, invocation);
  defineReload(group, invocation);
  defineRun(group, invocation);
  defineLogs(group, invocation);
  defineKeys(group, invocation);
  defineToken(group, invocation);
  defineDelete(group, invocation);
}

function defineList(group: Command, invocation: Invocation): void {
  group
    .command('list')
    .description('list the services of the workspace')
    .option('--compute-type <type>', 'only those on local, aci or aks')
    .option('-m, --model-id <id>', 'only those with a model, NAME or NAME:VERSION')
    .addHelpText('after', '\nExample:\n  $ edgewright service list --compute-type local')
    .action(async (flags: { computeType?: string; modelId?: string }) => {
      const services = await invocation.withWorkspace((workspace) =>
        workspace.services.list({ computeType: flags.computeType, model: flags.modelId }),
      );
      invocation.terminal.result(services, () => (services.length === 0 ? 'no services' : serviceTable(services)));
    });
}

function defineShow(group: Command, invocation: Invocation): void {
  group
    .command('show')
    .description('show one service')
    .requiredOption('-n, --name <name>', 'the service')
    .addHelpText('after', '\nExample:\n  $ edgewright service show -n diabetes-service')
    .action(async ({ name }: { name: string }) => {
      const service = await invocation.withWorkspace((workspace) => workspace.services.show(name));
      invocation.terminal.result(service, () => serviceText(service));
    });
}

interface UpdateFlags {
  readonly name: string;
  readonly model?: string[];
  readonly ic?: string;
  readonly dc?: string;
  readonly image?: string;
  readonly wait: boolean;
}

function defineUpdate(group: Command, invocation: Invocation): void {
  const verb = group
    .command('update')
    .description('change a service; its address stays, and the former revision serves until the new one is healthy')
    .requiredOption('-n, --name <name>', 'the service')
    .option('-m, --model <id>', 'a registered model, NAME or NAME:VERSION; may be given several times', collect)
    .option('--ic <file>', 'the inference configuration')
    .option('--dc <file>', 'the deployment configuration')
    .option('--image <reference>', 'for aks: an image that the cluster can pull, instead of one that is built now')
    .option('--no-wait', 'do not wait until it is healthy');
  addSettingFlags(verb)
    .addHelpText('after', '\nExample:\n  $ edgewright service update -n diabetes-service -m diabetes:2')
    .action(async (flags: UpdateFlags) => {
      const service = await invocation.withWorkspace((workspace) =>
        workspace.services.update({
          name: flags.name,
          wait: flags.wait,
          overrides: settingOverrides(flags as unknown as Record<string, unknown>),
          signal: invocation.context.signal,
          image: flags.image,
          ...(flags.model === undefined ? {} : { models: flags.model }),
          ...(flags.ic === undefined ? {} : { inferenceConfig: invocation.path(flags.ic) }),
          ...(flags.dc === undefined ? {} : { deploymentConfig: invocation.path(flags.dc) }),
        }),
      );
      invocation.terminal.result(service, () => serviceText(service));
    });
}

function defineReload(group: Command, invocation: Invocation): void {
  group
    .command('reload')
    .description('read the entry script again and start the service anew with it; also after the machine was restarted')
    .requiredOption('-n, --name <name>', 'the service')
    .addHelpText('after', '\nExample:\n  $ edgewright service reload -n diabetes-service')
    .action(async ({ name }: { name: string }) => {
      const service = await invocation.withWorkspace((workspace) => workspace.services.reload(name));
      invocation.terminal.result(service, () => serviceText(service));
    });
}

function defineRun(group: Command, invocation: Invocation): void {
  group
    .command('run')
    .description('send data to a service and print its answer')
    .requiredOption('-n, --name <name>', 'the service')
    .requiredOption('-d, --input-data <json>', 'the body, or @FILE')
    .addHelpText(
      'after',
      `\nExample:\n  $ edgewright service run -n diabetes-service -d '{"data": [[1,2,3,4,5,6,7,8,9,10]]}'`,
    )
    .action(async (flags: { name: string; inputData: string }) => {
      const data = flags.inputData.startsWith('@')
        ? await readTextFile(invocation.path(flags.inputData.slice(1)), 'the input data')
        : flags.inputData;
      const answer = await invocation.withWorkspace((workspace) => workspace.services.run(flags.name, data));
      invocation.terminal.result(answer, () => (typeof answer === 'string' ? answer : JSON.stringify(answer)));
    });
}

function defineLogs(group: Command, invocation: Invocation): void {
  group
    .command('get-logs')
    .description('print the last lines that a service wrote')
    .requiredOption('-n, --name <name>', 'the service')
    .option('-l, --num-lines <n>', 'how many', wholeNumber('--num-lines', 1, 1_000_000), 5000)
    .addHelpText('after', '\nExample:\n  $ edgewright service get-logs -n diabetes-service -l 20')
    .action(async (flags: { name: string; numLines: number }) => {
      const lines = await invocation.withWorkspace((workspace) => workspace.services.logs(flags.name, flags.numLines));
      invocation.terminal.result(lines, () => lines.join('\n'));
    });
}

function defineKeys(group: Command, invocation: Invocation): void {
  const show = (keys: { primaryKey: string; secondaryKey: string }): void =>
    invocation.terminal.result(keys, () =>
      keyValues([
        ['primaryKey', keys.primaryKey],
        ['secondaryKey', keys.secondaryKey],
      ]),
    );
  group
    .command('get-keys')
    .description('print the keys of a service')
    .requiredOption('-n, --name <name>', 'the service')
    .addHelpText('after', '\nExample:\n  $ edgewright service get-keys -n diabetes-service')
    .action(async ({ name }: { name: string }) => {
      show(await invocation.withWorkspace((workspace) => workspace.services.getKeys(name)));
    });
  group
    .command('regen-key')
    .description('exchange one key of a service; it takes the new one without a restart')
    .requiredOption('-n, --name <name>', 'the service')
    .requiredOption('-k, --key <which>', 'Primary or Secondary', oneOf('--key', ['Primary', 'Secondary']))
    .option('-s, --set-key <key>', 'the new key; default: made by chance')
    .addHelpText('after', '\nExample:\n  $ edgewright service regen-key -n diabetes-service -k Primary')
    .action(async (flags: { name: string; key: 'Primary' | 'Secondary'; setKey?: string }) => {
      show(
        await invocation.withWorkspace((workspace) =>
          workspace.services.regenerateKey(flags.name, flags.key, flags.setKey),
        ),
      );
    });
}

function defineToken(group: Command, invocation: Invocation): void {
  group
    .command('get-access-token')
    .description('issue a token for a service that has tokenAuthEnabled; it is good for an hour')
    .requiredOption('-n, --name <name>', 'the service')
    .addHelpText('after', '\nExample:\n  $ edgewright service get-access-token -n diabetes-service')
    .action(async ({ name }: { name: string }) => {
      const token = await invocation.withWorkspace((workspace) => workspace.services.getAccessToken(name));
      invocation.terminal.result(token, () =>
        keyValues([
          ['accessToken', token.accessToken],
          ['tokenType', token.tokenType],
          ['refreshAfter', token.refreshAfter],
          ['expiryOn', token.expiryOn],
        ]),
      );
    });
}

function defineDelete(group: Command, invocation: Invocation): void {
  group
    .command('delete')
    .description('end a service; its models stay registered')
    .requiredOption('-n, --name <name>', 'the service')
    .addHelpText('after', '\nExample:\n  $ edgewright service delete -n diabetes-service')
    .action(async ({ name }: { name: string }) => {
      if (name === '') throw new CliError('UsageInvalid', 'no service was named: give --name');
      await invocation.withWorkspace((workspace) => workspace.services.delete(name));
      invocation.terminal.result({ name, deleted: true }, () => '');
    });
}

function serviceTable(services: readonly Service[]): string {
  return textTable(services, [
    { heading: 'NAME', cell: ({ name }) => name },
    { heading: 'COMPUTE', cell: ({ computeType }) => computeType },
    { heading: 'STATE', cell: ({ state }) => state },
    { heading: 'MODELS', cell: ({ models }) => models.join(', ') },
    { heading: 'SCORING URI', cell: ({ scoringUri }) => scoringUri ?? '' },
  ]);
}

/** A service for people; `model deploy` prints the same. */
export function serviceText(service: Service): string {
  const pairs = (record: Readonly<Record<string, string>>): string | undefined =>
    Object.entries(record)
      .map(([key, value]) => `${key}=${value}`)
      .join(' ') || undefined;
  const { error, replicas } = service;
  return keyValues([
    ['name', service.name],
    ['state', service.state],
    ['stage', service.stage],
    ['scoringUri', service.scoringUri ?? undefined],
    ['swaggerUri', service.swaggerUri ?? undefined],
    ['compute', service.computeType],
    ['models', service.models.join(', ')],
    ['revision', String(service.revision)],
    ['replicas', replicas === null ? undefined : `${replicas.ready} of ${replicas.desired} ready`],
    ['authentication', service.authEnabled ? 'keys' : service.tokenAuthEnabled ? 'tokens' : 'none'],
    ['description', service.description ?? undefined],
    ['tags', pairs(service.tags)],
    ['properties', pairs(service.properties)],
    ['created', service.createdTime],
    ['updated', service.updatedTime],
    ['error', error === null ? undefined : `${error.code}: ${error.message}`],
  ]);
}
