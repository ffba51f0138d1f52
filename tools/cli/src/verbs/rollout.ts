import type { Command } from 'commander';
import type { RolloutView } from '@edgewright/workspace';
import type { Invocation } from '../invocation.ts';
import { textTable } from '../text-table.ts';
import { hubSelection, withHubFlags } from './hub-flags.ts';
import type { HubFlags } from './hub-flags.ts';

/** `edgewright rollout start|status|pause|resume|abort|rollback|approve|history`. */
export function defineRollout(program: Command, invocation: Invocation): void {
  const group = program.command('rollout').description('bring a change to a fleet ring by ring, and back by itself');
  defineStart(group, invocation);
  defineDriving(group, invocation);
  defineWishes(group, invocation);
  defineStatus(group, invocation);
  defineHistory(group, invocation);
}

function defineStart(group: Command, invocation: Invocation): void {
  const command = group
    .command('start')
    .description('start a rollout and drive it to its end; it may be ended anywhere and resumed')
    .argument('<file>', 'the rollout file, JSON or YAML; docs/rollouts.md describes it')
    .option('--dry-run', 'only say which devices each ring would have');
  withHubFlags(command)
    .addHelpText('after', '\nExample:\n  $ edgewright rollout start rollout.yaml --dry-run')
    .action(async (file: string, flags: HubFlags & { dryRun?: boolean }) => {
      const input = { ...hubSelection(flags, invocation), file: invocation.path(file) };
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
    withHubFlags(group.command(name).description(description).argument('<name>', 'the rollout'))
      .addHelpText('after', `\nExample:\n  $ edgewright rollout ${name} diabetes-2`)
      .action(async (rollout: string, flags: HubFlags) => {
        const view = await invocation.withWorkspace(async (workspace) => {
          await workspace.rollouts.wish(rollout, name === 'resume' ? 'run' : 'rollback');
          const { signal } = invocation.context;
          return await workspace.rollouts.drive({ ...hubSelection(flags, invocation), name: rollout, signal });
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
    group
      .command(name)
      .description(description)
      .argument('<name>', 'the rollout')
      .addHelpText('after', `\nExample:\n  $ edgewright rollout ${name} diabetes-2`)
      .action(async (rollout: string) => {
        const view = await invocation.withWorkspace((workspace) =>
          name === 'approve' ? workspace.rollouts.approve(rollout) : workspace.rollouts.wish(rollout, name),
        );
        show(view, invocation);
      });
  }
}

function defineStatus(group: Command, invocation: Invocation): void {
  group
    .command('status')
    .description('where rollouts stand: rings, devices, and the last values of gates')
    .argument('[name]', 'the rollout; default: all')
    .addHelpText('after', '\nExample:\n  $ edgewright rollout status diabetes-2')
    .action(async (name: string | undefined) => {
      const views = await invocation.withWorkspace(async (workspace) =>
        name === undefined ? await workspace.rollouts.list() : [await workspace.rollouts.status(name)],
      );
      invocation.terminal.result({ rollouts: views }, () => views.map(viewText).join('\n\n') || 'no rollouts');
    });
}

function defineHistory(group: Command, invocation: Invocation): void {
  group
    .command('history')
    .description('everything that was done, and the values of gates over time')
    .argument('<name>', 'the rollout')
    .addHelpText('after', '\nExample:\n  $ edgewright rollout history diabetes-2')
    .action(async (name: string) => {
      const history = await invocation.withWorkspace((workspace) => workspace.rollouts.history(name));
      const rows = [
        ...history.acts.map(({ time, act, details }) => ({
          time,
          text: `${act}${details === '' ? '' : `: ${details}`}`,
        })),
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
  if (view.state === 'rolled-back' || view.state === 'rolling-back') invocation.exitCode = 1;
  invocation.terminal.result(view, () => viewText(view));
}

function viewText({ name, state, reason, rings }: RolloutView): string {
  const table = textTable(rings, [
    { heading: 'RING', cell: (ring) => ring.name },
    { heading: 'DEVICES', cell: (ring) => String(ring.devices), align: 'right' },
    { heading: 'STATE', cell: (ring) => ring.state },
    {
      heading: 'GATES',
      cell: ({ gates }) =>
        gates.map(({ gate, value, passed }) => `${gate} ${valueText(value)}${passed ? '' : ' FAILED'}`).join(', '),
    },
  ]);
  return `${name}: ${state}${reason === '' ? '' : ` (${reason})`}\n\n${table}`;
}

function valueText(value: number | null): string {
  return value === null ? 'not reported' : String(Number(value.toPrecision(4)));
}

function ringsText(rings: Readonly<Record<string, readonly string[]>>): string {
  return textTable(Object.entries(rings), [
    { heading: 'RING', cell: ([name]) => name },
    { heading: 'DEVICES', cell: ([, ids]) => String(ids.length), align: 'right' },
    { heading: 'SUCH AS', cell: ([, ids]) => `${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ' …' : ''}` },
  ]);
}
