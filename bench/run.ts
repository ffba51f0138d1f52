/** `npm run bench -- NAME …`: runs benches, prints their tables, and writes bench/results/NAME.json. */
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { benches } from './benches.ts';
import { compare, isHeld } from './harness.ts';
import type { BenchRow } from './harness.ts';

interface BenchResult {
  readonly name: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly rows: readonly BenchRow[];
}

function describeMachine(): BenchResult['machine'] {
  const [cpu] = os.cpus();
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
}

async function runBench(name: string, load: (typeof benches)[string]): Promise<BenchResult> {
  const rows: BenchRow[] = [];
  await using bench = await load();
  for (const comparison of bench.comparisons) {
    const [first] = comparison.metrics;
    const report = (line: string): void => void process.stderr.write(`${name}: ${first?.metric}: ${line}\n`);
    rows.push(...(await compare(comparison, report)));
  }
  return { name, machine: describeMachine(), rows };
}

function figure(value: number): string {
  return value >= 1000 ? value.toFixed(0) : value.toPrecision(4);
}

/** What was asked for, and whether it is so. */
function asked(row: BenchRow): string {
  const { unit, goal, limit } = row;
  const wanted = [
    ...(goal === undefined ? [] : [`${goal}x`]),
    ...(limit === undefined ? [] : [`${limit.of === 'ours' ? '' : 'above by '}at most ${limit.atMost} ${unit}`]),
  ];
  return wanted.length === 0 ? '' : `${wanted.join(', ')}: ${isHeld(row) ? 'met' : 'MISSED'}`;
}

function printTable({ name, rows }: BenchResult): void {
  const cells = rows.map((row) => [
    row.metric,
    row.unit,
    figure(row.ours),
    figure(row.baseline),
    `${row.ratio.toFixed(2)}x`,
    asked(row),
  ]);
  const table = [[name, 'unit', 'ours', 'baseline', 'ratio', 'goal'], ...cells];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of table) {
    const line = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column < 2 ? cell.padEnd(width) : cell.padStart(width);
    });
    process.stdout.write(`${line.join('  ').trimEnd()}\n`);
  }
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !(name in benches));
  if (unknown.length > 0) {
    process.stderr.write(`no bench "${unknown.join('", "')}"; there are: ${Object.keys(benches).join(', ')}\n`);
    return 2;
  }
  const folder = new URL('results/', import.meta.url);
  await mkdir(folder, { recursive: true });
  let missed = 0;
  for (const [name, load] of Object.entries(benches)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const result = await runBench(name, load);
    printTable(result);
    await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(result, undefined, 2)}\n`);
    missed += result.rows.filter((row) => !isHeld(row)).length;
  }
  return missed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
