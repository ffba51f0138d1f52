import type { Batch, BatchDryRun, BatchOutputFile } from '@edgewright/workspace';
import { keyValues, sizeText, textTable } from './text-table.ts';

/** How far a job is, in a line. */
export function progressText(batch: Batch): string {
  const { state, items, succeededItems, failedItems, itemsPerSecond, secondsLeft } = batch;
  if (items === null) return state;
  const parts = [
    `${state}: ${succeededItems + failedItems} of ${items} items`,
    ...(failedItems === 0 ? [] : [`${failedItems} failed`]),
    ...(itemsPerSecond > 0 ? [`${rateText(itemsPerSecond)} items/s`] : []),
    ...(secondsLeft === null ? [] : [`${durationText(secondsLeft)} left`]),
  ];
  return parts.join(', ');
}

/** A job for people. Why it ended as it did, and what went wrong first, stand at the top. */
export function batchText(batch: Batch): string {
  const { firstFailure: first, items, miniBatches } = batch;
  const place = first === null ? '' : [first.item, first.miniBatch === undefined ? undefined : `mini-batch ${first.miniBatch}`].filter((part) => part !== undefined).join(', '); // prettier-ignore
  const of = (count: number, all: number | null) => (all === null ? String(count) : `${count} of ${all}`);
  return keyValues([
    ['state', batch.state],
    ['reason', batch.reason ?? undefined],
    [
      'first failure',
      first === null || first.message === batch.reason
        ? undefined
        : `${place === '' ? '' : `${place}: `}${first.message}`,
    ],
    ['its log', first?.log?.join('\n  ')],
    ['name', batch.name],
    ['items', of(batch.succeededItems + batch.failedItems, items)],
    ['succeeded', String(batch.succeededItems)],
    ['failed', String(batch.failedItems)],
    ['mini-batches', of(batch.doneMiniBatches, miniBatches)],
    ['of a former run', batch.reusedMiniBatches === 0 ? undefined : `${batch.reusedMiniBatches} mini-batches`],
    ['rate', batch.itemsPerSecond > 0 ? `${rateText(batch.itemsPerSecond)} items/s` : undefined],
    ['time left', batch.secondsLeft === null ? undefined : durationText(batch.secondsLeft)],
    ['workers', batch.workers === 0 ? undefined : String(batch.workers)],
    ['replaced', batch.workersReplaced === 0 ? undefined : `${batch.workersReplaced} workers`],
    ['compute', batch.computeType],
    ['models', batch.models.join(', ')],
    ['inputs', batch.inputs.join(', ')],
    ['output', batch.output],
    ['description', batch.description ?? undefined],
    ['created', batch.createdTime],
    ['started', batch.startedTime ?? undefined],
    ['ended', batch.endedTime ?? undefined],
  ]);
}

/** Jobs for people. */
export function batchTable(batches: readonly Batch[]): string {
  return textTable(batches, [
    { heading: 'NAME', cell: ({ name }) => name },
    { heading: 'STATE', cell: ({ state }) => state },
    { heading: 'ITEMS', cell: ({ items }) => (items === null ? '' : String(items)), align: 'right' },
    { heading: 'SUCCEEDED', cell: ({ succeededItems }) => String(succeededItems), align: 'right' },
    { heading: 'FAILED', cell: ({ failedItems }) => String(failedItems), align: 'right' },
    { heading: 'MODELS', cell: ({ models }) => models.join(', ') },
    { heading: 'OUTPUT', cell: ({ output }) => output },
  ]);
}

export function outputText(files: readonly BatchOutputFile[]): string {
  if (files.length === 0) return 'no results yet';
  return textTable(files, [
    { heading: 'FILE', cell: ({ name }) => name },
    { heading: 'SIZE', cell: ({ sizeBytes }) => sizeText(sizeBytes), align: 'right' },
    { heading: 'PLACE', cell: ({ place }) => place },
  ]);
}

export function dryRunText({ changes, notes, job, models, yaml }: BatchDryRun): string {
  const lines = [
    ...changes.map(({ action, subject }) => `# ${action} ${subject}`),
    ...notes.map((note) => `# ${note}`),
  ];
  const head = [...lines, `# models: ${models.join(', ')}`];
  if (yaml === '') return [...head, JSON.stringify(job, null, 2)].join('\n');
  const commented = JSON.stringify(job, null, 2).replaceAll(/^/gm, '# ');
  return [...head, '# job.json:', commented, yaml.trimEnd()].join('\n');
}

function rateText(rate: number): string {
  return rate >= 10 ? String(Math.round(rate)) : rate.toFixed(1);
}

/** 3725 as `1 h 2 min`. */
function durationText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
