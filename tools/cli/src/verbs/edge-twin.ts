import type { Command } from 'commander';
import type { Hub, HubTwin } from '@edgewright/workspace';
import { CliError } from '../cli-error.ts';
import type { Invocation } from '../invocation.ts';
import { hubSelection, withHubFlags } from './hub-flags.ts';
import type { HubFlags } from './hub-flags.ts';

interface TwinFlags extends HubFlags {
  readonly deviceId: string;
  readonly moduleId?: string;
  readonly desired?: string;
  readonly tags?: string;
  readonly etag?: string;
}

/** `edgewright edge twin show|update`. */
export function defineEdgeTwin(parent: Command, invocation: Invocation): void {
  const group = parent.command('twin').description('twins of devices and modules');
  const verb = (name: string, description: string) =>
    withHubFlags(
      group
        .command(name)
        .description(description)
        .requiredOption('-d, --device-id <id>', 'the device')
        .option('-m, --module-id <id>', 'a module of it, such as $edgeAgent'),
    );
  verb('show', 'show a twin')
    .addHelpText('after', "\nExample:\n  $ edgewright edge twin show -d plant-1 -m '$edgeAgent'")
    .action(async (flags: TwinFlags) => {
      await onTwin(flags, invocation, async (twin) => await Promise.resolve(twin));
    });
  verb('update', 'change desired properties or tags; null takes a member out')
    .option('--desired <json>', 'what of the desired properties is to change')
    .option('--tags <json>', 'what of the tags is to change')
    .option('--etag <etag>', 'only if the twin is still this one, as show tells it; default: as it is now')
    .addHelpText('after', `\nExample:\n  $ edgewright edge twin update -d plant-1 --tags '{"plant": "north"}'`)
    .action(async (flags: TwinFlags) => {
      const change = {
        ...(flags.desired === undefined ? {} : { desired: jsonObject('--desired', flags.desired) }),
        ...(flags.tags === undefined ? {} : { tags: jsonObject('--tags', flags.tags) }),
      };
      if (Object.keys(change).length === 0)
        throw new CliError('UsageInvalid', 'nothing to change: give --desired or --tags');
      await onTwin(flags, invocation, (twin, hub) => hub.updateTwin(nameOf(flags), change, flags.etag ?? twin.etag));
    });
}

async function onTwin(
  flags: TwinFlags,
  invocation: Invocation,
  action: (twin: HubTwin, hub: Hub) => Promise<HubTwin>,
): Promise<void> {
  const twin = await invocation.withWorkspace(async (workspace) => {
    await using hub = await workspace.edge.hub(hubSelection(flags, invocation));
    const { deviceId, moduleId } = flags;
    const read = moduleId === undefined ? await hub.getTwin(deviceId) : await hub.moduleTwin(deviceId, moduleId);
    return await action(read, hub);
  });
  invocation.terminal.result(twin, () => JSON.stringify(twin, null, 2));
}

function nameOf({ deviceId, moduleId }: TwinFlags): { readonly deviceId: string; readonly moduleId?: string } {
  return { deviceId, ...(moduleId === undefined ? {} : { moduleId }) };
}

function jsonObject(flag: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // told below, as is JSON that is no object
  }
  throw new CliError('UsageInvalid', `${flag} is ${text}: expected a JSON object`);
}
