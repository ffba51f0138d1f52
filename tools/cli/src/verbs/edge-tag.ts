import type { Command } from 'commander';
import type { TaggedDevices } from '@edgewright/workspace';
import { CliError } from '../cli-error.ts';
import { collect, collectPairs, wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { textTable } from '../text-table.ts';
import { hubSelection, withHubFlags } from './hub-flags.ts';
import type { HubFlags } from './hub-flags.ts';

interface TagFlags extends HubFlags {
  readonly query?: string;
  readonly deviceId?: readonly string[];
  readonly set?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
  readonly count?: number;
  readonly dryRun?: boolean;
}

/** `edgewright edge tag`. */
export function defineEdgeTag(group: Command, invocation: Invocation): void {
  const command = group
    .command('tag')
    .description('set tags of many edge devices, by which deployments and rings find them')
    .option('-q, --query <condition>', 'the devices by their twins, such as "tags.plant = \'north\'"; * for all')
    .option('-d, --device-id <id>', 'a device; may be given several times, in place of --query', collect)
    .option(
      '--set <name=value>',
      'a tag; a.b=c for one inside of another; may be given several times',
      collectPairs('--set'),
    )
    .option('--remove <name>', 'a tag to be taken out; may be given several times', collect)
    .option('--count <n>', 'only so many of the devices, by their ids', wholeNumber('--count', 1))
    .option('--dry-run', 'only say whose tags would change');
  withHubFlags(command)
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright edge tag --query "tags.plant = \'north\'" --count 20 --set ring=canary --dry-run',
    )
    .action(async (flags: TagFlags) => {
      const { count, dryRun = false } = flags;
      const result = await invocation.withWorkspace((workspace) =>
        workspace.fleet.tag({
          ...hubSelection(flags, invocation),
          condition: conditionOf(flags),
          tags: tagsOf(flags),
          dryRun,
          ...(count === undefined ? {} : { count }),
        }),
      );
      if (result.conflicts.length > 0) invocation.exitCode = 1;
      invocation.terminal.result(result, () => resultText(result, dryRun));
    });
}

function conditionOf({ query, deviceId }: TagFlags): string {
  if ((query === undefined) === (deviceId === undefined)) {
    throw new CliError('UsageInvalid', 'which devices? give --query or --device-id');
  }
  if (query !== undefined) return query;
  const ids = (deviceId ?? []).map((id) => `'${id.replaceAll(/['\\]/g, String.raw`\$&`)}'`);
  return `deviceId IN [${ids.join(', ')}]`;
}

function tagsOf({ set = {}, remove = [] }: TagFlags): Record<string, unknown> {
  const tags: Record<string, unknown> = {};
  for (const [name, value] of [...Object.entries(set), ...remove.map((name) => [name, null] as const)]) {
    const steps = name.split('.');
    const last = steps.pop() ?? '';
    let place = tags;
    for (const step of steps) place = (place[step] ??= {}) as Record<string, unknown>;
    place[last] = value === null ? null : plainValue(value);
  }
  if (Object.keys(tags).length === 0) throw new CliError('UsageInvalid', 'nothing to change: give --set or --remove');
  return tags;
}

/** Numbers, true and false are what they look like; `"7"` in quotes stays a text. */
function plainValue(text: string): unknown {
  if (!/^(true|false|-?\d+(\.\d+)?|".*")$/s.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const MOST_ROWS = 20;

function resultText({ matched, changes, changed, conflicts }: TaggedDevices, dryRun: boolean): string {
  const rows = changes.slice(0, MOST_ROWS);
  const table = textTable(rows, [
    { heading: 'DEVICE', cell: ({ deviceId }) => deviceId },
    { heading: 'TAGS NOW', cell: ({ before }) => JSON.stringify(before) },
    { heading: 'TAGS THEN', cell: ({ after }) => JSON.stringify(after) },
  ]);
  const more = changes.length > rows.length ? [`… and ${changes.length - rows.length} more`] : [];
  const shown = dryRun && rows.length > 0 ? [table, ...more, ''] : [];
  const same = matched - changes.length;
  const sum = dryRun
    ? `${changes.length} of ${matched} devices would change, nothing was done`
    : `${changed.length} of ${matched} devices changed${same === 0 ? '' : `, ${same} had these tags already`}`;
  const left =
    conflicts.length === 0 ? [] : [`left alone, because somebody else changed them meanwhile: ${conflicts.join(', ')}`];
  return [...shown, sum, ...left].join('\n');
}
