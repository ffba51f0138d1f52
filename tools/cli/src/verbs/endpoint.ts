import type { Command } from 'commander';
import type { Endpoint } from '@edgewright/workspace';
import { readTextFile } from '@edgewright/workspace';
import { oneOf, wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { addSettingFlags, settingOverrides } from '../setting-flags.ts';
import { keyValues, textTable } from '../text-table.ts';
import { defineEndpointVersions } from './endpoint-version.ts';

/** `edgewright endpoint realtime …`, with the flags of `az ml endpoint realtime`. */
export function defineEndpoint(program: Command, invocation: Invocation): void {
  const group = program
    .command('endpoint')
    .description('endpoints: versions of a service that share the traffic of one address')
    .command('realtime')
    .description('endpoints that answer at once; their versions, traffic and keys');
  defineEndpointVersions(group, { invocation, endpointText });
  defineUpdate(group, invocation);
  defineList(group, invocation);
  defineShow(group, invocation);
  defineRun(group, invocation);
  defineLogs(group, invocation);
  defineKeys(group, invocation);
  defineToken(group, invocation);
  defineDelete(group, invocation);
}

function defineUpdate(group: Command, invocation: Invocation): void {
  const verb = group
    .command('update')
    .description('change what all versions share: who may call, how requests come in, texts and tags')
    .requiredOption('-n, --name <name>', 'the endpoint')
    .option('--dc <file>', 'a deployment configuration with the keys to change');
  addSettingFlags(verb)
    .addHelpText('after', '\nExample:\n  $ edgewright endpoint realtime update -n diabetes --auth-enabled false')
    .action(async (flags: { name: string; dc?: string }) => {
      const endpoint = await invocation.withWorkspace((workspace) =>
        workspace.endpoints.update({
          name: flags.name,
          overrides: settingOverrides(flags as unknown as Record<string, unknown>),
          signal: invocation.context.signal,
          ...(flags.dc === undefined ? {} : { deploymentConfig: invocation.path(flags.dc) }),
        }),
      );
      invocation.terminal.result(endpoint, () => endpointText(endpoint));
    });
}

function defineList(group: Command, invocation: Invocation): void {
  group
    .command('list')
    .description('list the endpoints of the workspace')
    .addHelpText('after', '\nExample:\n  $ edgewright endpoint realtime list')
    .action(async () => {
      const endpoints = await invocation.withWorkspace((workspace) => workspace.endpoints.list());
      invocation.terminal.result(endpoints, () =>
        endpoints.length === 0
          ? 'no endpoints'
          : textTable(endpoints, [
              { heading: 'NAME', cell: ({ name }) => name },
              { heading: 'STATE', cell: ({ state }) => state },
              { heading: 'TRAFFIC', cell: trafficText },
              { heading: 'SCORING URI', cell: ({ scoringUri }) => scoringUri ?? '' },
            ]),
      );
    });
}

function defineShow(group: Command, invocation: Invocation): void {
  group
    .command('show')
    .description('show one endpoint with its versions')
    .requiredOption('-n, --name <name>', 'the endpoint')
    .addHelpText('after', '\nExample:\n  $ edgewright endpoint realtime show -n diabetes')
    .action(async ({ name }: { name: string }) => {
      const endpoint = await invocation.withWorkspace((workspace) => workspace.endpoints.show(name));
      invocation.terminal.result(endpoint, () => endpointText(endpoint));
    });
}

function defineRun(group: Command, invocation: Invocation): void {
  group
    .command('run')
    .description('send data to an endpoint and print the answer')
    .requiredOption('-n, --name <name>', 'the endpoint')
    .requiredOption('-d, --input-data <json>', 'the body, or @FILE')
    .option('--vn, --version-name <name>', 'ask this version, whatever the traffic is')
    .addHelpText(
      'after',
      `\nExample:\n  $ edgewright endpoint realtime run -n diabetes --vn green -d '{"data": [[1,2,3,4,5,6,7,8,9,10]]}'`,
    )
    .action(async (flags: { name: string; inputData: string; versionName?: string }) => {
      const data = flags.inputData.startsWith('@')
        ? await readTextFile(invocation.path(flags.inputData.slice(1)), 'the input data')
        : flags.inputData;
      const options = flags.versionName === undefined ? {} : { version: flags.versionName };
      const answer = await invocation.withWorkspace((workspace) => workspace.endpoints.run(flags.name, data, options));
      invocation.terminal.result(answer, () => (typeof answer === 'string' ? answer : JSON.stringify(answer)));
    });
}

function defineLogs(group: Command, invocation: Invocation): void {
  group
    .command('get-logs')
    .description('print the last lines that a version wrote')
    .requiredOption('-n, --name <name>', 'the endpoint')
    .option('--vn, --version-name <name>', 'the version; default: the default one')
    .option('-l, --num-lines <n>', 'how many', wholeNumber('--num-lines', 1, 1_000_000), 5000)
    .addHelpText('after', '\nExample:\n  $ edgewright endpoint realtime get-logs -n diabetes --vn green -l 20')
    .action(async (flags: { name: string; versionName?: string; numLines: number }) => {
      const lines = await invocation.withWorkspace((workspace) =>
        workspace.endpoints.logs(flags.name, flags.versionName, flags.numLines),
      );
      invocation.terminal.result(lines, () => lines.join('\n'));
    });
}

function defineKeys(group: Command, invocation: Invocation): void {
  const show = (keys: { primaryKey: string; secondaryKey: string }): void =>
    invocation.terminal.result(keys, () => keyValues(Object.entries(keys)));
  group
    .command('get-keys')
    .description('print the keys of an endpoint')
    .requiredOption('-n, --name <name>', 'the endpoint')
    .addHelpText('after', '\nExample:\n  $ edgewright endpoint realtime get-keys -n diabetes')
    .action(async ({ name }: { name: string }) => {
      show(await invocation.withWorkspace((workspace) => workspace.endpoints.getKeys(name)));
    });
  group
    .command('regen-key')
    .description('exchange one key of an endpoint; all versions take the new one without a restart')
    .requiredOption('-n, --name <name>', 'the endpoint')
    .requiredOption('-k, --key <which>', 'Primary or Secondary', oneOf('--key', ['Primary', 'Secondary']))
    .option('-s, --set-key <key>', 'the new key; default: made by chance')
    .addHelpText('after', '\nExample:\n  $ edgewright endpoint realtime regen-key -n diabetes -k Primary')
    .action(async ({ name, key, setKey }: { name: string; key: 'Primary' | 'Secondary'; setKey?: string }) => {
      show(await invocation.withWorkspace((workspace) => workspace.endpoints.regenerateKey(name, key, setKey)));
    });
}

function defineToken(group: Command, invocation: Invocation): void {
  group
    .command('get-access-token')
    .description('issue a token for an endpoint that has tokenAuthEnabled; it is good for an hour')
    .requiredOption('-n, --name <name>', 'the endpoint')
    .addHelpText('after', '\nExample:\n  $ edgewright endpoint realtime get-access-token -n diabetes')
    .action(async ({ name }: { name: string }) => {
      const token = await invocation.withWorkspace((workspace) => workspace.endpoints.getAccessToken(name));
      invocation.terminal.result(token, () => keyValues(Object.entries(token) as [string, string][]));
    });
}

function defineDelete(group: Command, invocation: Invocation): void {
  group
    .command('delete')
    .description('end an endpoint with all its versions; their models stay registered')
    .requiredOption('-n, --name <name>', 'the endpoint')
    .addHelpText('after', '\nExample:\n  $ edgewright endpoint realtime delete -n diabetes')
    .action(async ({ name }: { name: string }) => {
      await invocation.withWorkspace((workspace) => workspace.endpoints.delete(name));
      invocation.terminal.result({ name, deleted: true }, () => '');
    });
}

/** An endpoint for people. */
function endpointText(endpoint: Endpoint): string {
  const head = keyValues([
    ['name', endpoint.name],
    ['state', endpoint.state],
    ['stage', endpoint.stage],
    ['scoringUri', endpoint.scoringUri ?? undefined],
    ['swaggerUri', endpoint.swaggerUri ?? undefined],
    ['compute', [endpoint.computeType, endpoint.computeTarget].filter((part) => part !== null).join(' ')],
    ['authentication', endpoint.authEnabled ? 'keys' : endpoint.tokenAuthEnabled ? 'tokens' : 'none'],
    ['description', endpoint.description ?? undefined],
    ['created', endpoint.createdTime],
    ['updated', endpoint.updatedTime],
  ]);
  const versions = textTable(endpoint.versions, [
    { heading: 'VERSION', cell: ({ name }) => name },
    { heading: 'TRAFFIC', align: 'right', cell: ({ trafficPercentile }) => `${trafficPercentile}%` },
    { heading: 'DEFAULT', cell: ({ isDefault }) => (isDefault ? 'yes' : '') },
    { heading: 'TYPE', cell: ({ versionType }) => versionType },
    { heading: 'STATE', cell: ({ state }) => state },
    { heading: 'REPLICAS', cell: ({ replicas }) => (replicas === null ? '' : `${replicas.ready}/${replicas.desired}`) },
    { heading: 'MODELS', cell: ({ models }) => models.join(', ') },
  ]);
  return `${head}\n\n${versions}`;
}

function trafficText({ versions }: Endpoint): string {
  return versions.map(({ name, trafficPercentile }) => `${name} ${trafficPercentile}%`).join(', ');
}
