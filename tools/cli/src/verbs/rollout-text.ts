import type { GateSeries, RingStatus, RolloutView } from '@edgewright/workspace';
import { textTable } from '../text-table.ts';

/** A rollout as a table: its rings with their devices by state, and the last values of their gates. */
export function rolloutText({ name, state, reason, rings }: RolloutView): string {
  const table = textTable(rings, [
    { heading: 'RING', cell: (ring) => ring.name },
    { heading: 'DEVICES', cell: (ring) => String(ring.devices), align: 'right' },
    { heading: 'STATE', cell: (ring) => ring.state },
    {
      heading: 'HAVE IT',
      cell: (ring) => (ring.counts === undefined ? '' : String(ring.counts.ready)),
      align: 'right',
    },
    { heading: 'OTHERS', cell: othersText },
    { heading: 'GATES', cell: ({ gates }) => gates.map(gateText).join(', ') },
  ]);
  return `${name}: ${state}${reason === '' ? '' : ` (${reason})`}\n\n${table}`;
}

/** The same to be drawn again and again: gates have lines of their own, with their values over time, and the last acts follow. */
export function liveRolloutText(view: RolloutView, columns: number): string {
  const { name, state, reason, rings, acts, updatedTime } = view;
  const width = Math.max(10, Math.min(60, columns - 58));
  const table = textTable(rings, [
    { heading: 'RING', cell: (ring) => ring.name },
    { heading: 'STATE', cell: (ring) => ring.state },
    { heading: 'HAVE THE CHANGE', cell: barText },
    { heading: 'OTHERS', cell: othersText },
  ]);
  const gates = rings.flatMap((ring) => ring.gates.map((gate) => ({ ring: ring.name, gate })));
  const gateTable = textTable(gates, [
    { heading: 'RING', cell: ({ ring }) => ring },
    { heading: 'GATE', cell: ({ gate }) => gate.gate },
    { heading: 'VALUE', cell: ({ gate }) => `${valueText(gate.value)}${gate.passed ? '' : ' FAILED'}`, align: 'right' },
    { heading: 'BOUND', cell: ({ gate }) => boundText(gate) },
    { heading: 'OVER TIME', cell: ({ gate }) => sparkline(gate.values.slice(-width)) },
  ]);
  const lastActs = acts.slice(-5).map(({ time, act, details }) => `${timeText(time)}  ${actText(act, details)}`);
  const head = `${name}: ${state}${reason === '' ? '' : ` (${reason})`}, as of ${timeText(updatedTime)}`;
  const lines = [head, '', table, '', ...(gates.length === 0 ? [] : [gateTable, '']), ...lastActs]
    .join('\n')
    .split('\n');
  return lines.map((line) => line.slice(0, columns - 1)).join('\n');
}

/** One line for a ring that is looked at, for streams that are no terminal. */
export function ringLine(ring: RingStatus): string {
  const { name, state, devices, counts, gates } = ring;
  const has = counts === undefined ? [] : [`${counts.ready} of ${devices} have the change`];
  const others = othersText(ring);
  const parts = [...has, ...(others === '' ? [] : [others]), ...gates.map(gateText)];
  return `ring ${name} is ${state}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

/** An act of the audit log. */
export function actText(act: string, details: string): string {
  return details === '' ? act : `${act}: ${details}`;
}

export function valueText(value: number | null): string {
  return value === null ? 'not reported' : String(Number(value.toPrecision(4)));
}

function gateText({ gate, value, passed }: GateSeries): string {
  return `${gate} ${valueText(value)}${passed ? '' : ' FAILED'}`;
}

/** Devices that do not have the change, by why. */
function othersText({ counts }: RingStatus): string {
  if (counts === undefined) return '';
  const { pending, failed, offline } = counts;
  const parts = [
    [pending, 'not yet'],
    [failed, 'failed'],
    [offline, 'offline'],
  ] as const;
  return parts.flatMap(([count, what]) => (count === 0 ? [] : `${count} ${what}`)).join(', ');
}

const BAR_WIDTH = 20;

function barText({ counts, devices }: RingStatus): string {
  if (counts === undefined) return `${'.'.repeat(BAR_WIDTH)} ${devices} devices`;
  const filled = Math.floor((counts.ready / Math.max(1, devices)) * BAR_WIDTH);
  return `${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)} ${counts.ready} of ${devices}`;
}

function boundText({ minimum, maximum }: GateSeries): string {
  const least = minimum === undefined ? [] : [`at least ${valueText(minimum)}`];
  const most = maximum === undefined ? [] : [`at most ${valueText(maximum)}`];
  return [...least, ...most].join(', ');
}

const BLOCKS = '▁▂▃▄▅▆▇█';

/** Values as a row of blocks, from the smallest to the largest; a blank where nobody reported. */
function sparkline(values: readonly (number | null)[]): string {
  const numbers = values.filter((value) => value !== null);
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return values
    .map((value) => {
      if (value === null) return ' ';
      const part = high > low ? (value - low) / (high - low) : 0;
      return BLOCKS[Math.round(part * (BLOCKS.length - 1))] ?? '';
    })
    .join('');
}

function timeText(time: number): string {
  return `${new Date(time).toISOString().slice(11, 19)}Z`;
}
