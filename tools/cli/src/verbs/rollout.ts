import { once } from 'node:events';
import type { Command } from 'commander';
import type { RolloutPlace, RolloutView } from '@edgewright/workspace';
import { CliError } from '../cli-error.ts';
import { port } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { textTable } from '../text-table.ts';
import { hubSelection, withHubFlags } from './hub-flags.ts';
import type { HubFlags } from './hub-flags.ts';
import { placeOf, withPlaceFlag } from './rollout-flags.ts';
import type { PlaceFlags } from './rollout-flags.ts';
import { actText, rolloutText, valueText } from './rollout-text.ts';
import { rolloutWatcher } from './rollout-watch.ts';

/** How often the store is looked into for those who watch, in milliseconds; other machines' stores are asked less often. */
const LOCAL_INTERVAL_MS = 500;
const REMOTE_INTERVAL_MS = 3000;

/** `edgewright rollout start|status|page|pause|resume|abort|rollback|approve|history`. */
export function defineRollout(program: Command, invocation: Invocation): void {
  const group = program.command('rollout').description('bring a change to a fleet ring by ring, and back by itself');
  defineStart(group, invocation);
  defineDriving(group, invocation);
  defineWishes(group, invocation);
  defineStatus(group, invocation);
  definePage(group, invocation);
  defineHistory(group, invocation);
}

function defineStart(group: Command, invocation: Invocation): void {
  const command = group
    .command('start')
    .description('start a rollout and drive it to its end; it may be ended anywhere and resumed')
    .argument('<file>', 'the rollout file, JSON or YAML; docs/rollouts.md describes it')
    .option('--dry-run', 'only say which devices each ring would have');
  withPlaceFlag(withHubFlags(command))
    .addHelpText('after', '\nExample:\n  $ edgewright rollout start rollout.yaml --dry-run')
    .action(async (file: string, flags: HubFlags & PlaceFlags & { dryRun?: boolean }) => {
      const place = placeOf(flags, invocation);
      const input = { ...hubSelection(flags, invocation), ...place, file: invocation.path(file) };
      if (flags.dryRun === true) {
        const rings = await invocation.withWorkspace((workspace) => workspace.rollouts.dryRun(input));
        invocation.terminal.result({ rings }, () => ringsText(rings));
        return;
      }
      const { signal } = invocation.context;
      show(await invocation.withWorkspace((workspace) => workspace.rollouts.start({ ...input, signal })), invocation);
    });
}

/** Verbs that need a controller: the one that runs, or this process. */
function defineDriving(group: Command, invocation: Invocation): void {
  const verb = (name: 'resume' | 'rollback', description: string) =>
    withPlaceFlag(withHubFlags(group.command(name).description(description).argument('<name>', 'the rollout')))
      .addHelpText('after', `\nExample:\n  $ edgewright rollout ${name} diabetes-2`)
      .action(async (rollout: string, flags: HubFlags & PlaceFlags) => {
        const view = await invocation.withWorkspace(async (workspace) => {
          const place = placeOf(flags, invocation);
          await workspace.rollouts.wish(rollout, name === 'resume' ? 'run' : 'rollback', place);
          const { signal } = invocation.context;
          return await workspace.rollouts.drive({
            ...hubSelection(flags, invocation),
            ...place,
            name: rollout,
            signal,
          });
        });
        show(view, invocation);
      });
  verb('resume', 'go on with a rollout that was paused, or whose controller ended');
  verb('rollback', 'take a rollout back from all rings that have it');
}

function defineWishes(group: Command, invocation: Invocation): void {
  const verbs = [
    ['pause', 'let a rollout wait where it is; the controller ends at its next step'],
    ['abort', 'end a rollout where it is; devices keep what they have'],
    ['approve', 'let the ring begin that waits for approval'],
  ] as const;
  for (const [name, description] of verbs) {
    withPlaceFlag(group.command(name).description(description).argument('<name>', 'the rollout'))
      .addHelpText('after', `\nExample:\n  $ edgewright rollout ${name} diabetes-2`)
      .action(async (rollout: string, flags: PlaceFlags) => {
        const place = placeOf(flags, invocation);
        const view = await invocation.withWorkspace((workspace) =>
          name === 'approve'
            ? workspace.rollouts.approve(rollout, place)
            : workspace.rollouts.wish(rollout, name, place),
        );
        show(view, invocation);
      });
  }
}

function defineStatus(group: Command, invocation: Invocation): void {
  const command = group
    .command('status')
    .description('where rollouts stand: rings, devices by state, and the last values of gates')
    .argument('[name]', 'the rollout; default: all')
    .option('-w, --watch', 'go on showing one rollout until it has ended');
  withPlaceFlag(command)
    .addHelpText('after', '\nExample:\n  $ edgewright rollout status diabetes-2 --watch')
    .action(async (name: string | undefined, flags: PlaceFlags & { watch?: boolean }) => {
      const place = placeOf(flags, invocation);
      if (flags.watch === true) {
        await watch(invocation, name, place);
        return;
      }
      const views = await invocation.withWorkspace(async (workspace) =>
        name === undefined ? await workspace.rollouts.list(place) : [await workspace.rollouts.status(name, place)],
      );
      invocation.terminal.result({ rollouts: views }, () => views.map(rolloutText).join('\n\n') || 'no rollouts');
    });
}

async function watch(invocation: Invocation, name: string | undefined, place: RolloutPlace): Promise<void> {
  if (name === undefined) throw new CliError('UsageInvalid', '--watch shows one rollout: name it');
  const show = rolloutWatcher(invocation);
  await invocation.withWorkspace(async ({ rollouts }) => {
    const { signal } = invocation.context;
    for await (const view of rollouts.watch({ ...place, name, intervalMs: intervalMs(place), signal })) {
      show(view);
      invocation.exitCode = exitCodeOf(view);
    }
  });
}

function intervalMs({ containerUrl }: RolloutPlace): number {
  return containerUrl === undefined ? LOCAL_INTERVAL_MS : REMOTE_INTERVAL_MS;
}

function definePage(group: Command, invocation: Invocation): void {
  const command = group
    .command('page')
    .description('serve a page of the rollouts on this machine: rings, devices by state, gates over time; until Ctrl-C')
    .option('-p, --port <n>', 'default: any free one', port('--port'), 0);
  withPlaceFlag(command)
    .addHelpText('after', '\nExample:\n  $ edgewright rollout page')
    .action(async (flags: PlaceFlags & { port: number }) => {
      const place = placeOf(flags, invocation);
      const { signal } = invocation.context;
      await invocation.withWorkspace(async ({ rollouts }) => {
        const input = { ...place, port: flags.port, intervalMs: intervalMs(place) };
        await using page = await rollouts.servePage(input);
        invocation.terminal.result({ url: page.url }, () => `page: ${page.url}`);
        if (!signal.aborted) await once(signal, 'abort');
      });
    });
}

function defineHistory(group: Command, invocation: Invocation): void {
  const command = group
    .command('history')
    .description('everything that was done, and the values of gates over time')
    .argument('<name>', 'the rollout');
  withPlaceFlag(command)
    .addHelpText('after', '\nExample:\n  $ edgewright rollout history diabetes-2')
    .action(async (name: string, flags: PlaceFlags) => {
      const place = placeOf(flags, invocation);
      const history = await invocation.withWorkspace((workspace) => workspace.rollouts.history(name, place));
      const rows = [
        ...history.acts.map(({ time, act, details }) => ({ time, text: actText(act, details) })),
        ...history.looks.flatMap(({ time, gates }) =>
          gates.map(({ gate, value, passed }) => ({
            time,
            text: `gate ${gate}: ${valueText(value)}${passed ? '' : ' FAILED'}`,
          })),
        ),
      ].toSorted((a, b) => a.time - b.time);
      invocation.terminal.result(history, () =>
        rows.map(({ time, text }) => `${new Date(time).toISOString()}  ${text}`).join('\n'),
      );
    });
}

function show(view: RolloutView, invocation: Invocation): void {
  invocation.exitCode = exitCodeOf(view);
  invocation.terminal.result(view, () => rolloutText(view));
}

function exitCodeOf({ state }: RolloutView): number {
  return state === 'rolled-back' || state === 'rolling-back' ? 1 : 0;
}

function ringsText(rings: Readonly<Record<string, readonly string[]>>): string {
  return textTable(Object.entries(rings), [
    { heading: 'RING', cell: ([name]) => name },
    { heading: 'DEVICES', cell: ([, ids]) => String(ids.length), align: 'right' },
    { heading: 'SUCH AS', cell: ([, ids]) => `${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ' …' : ''}` },
  ]);
}
