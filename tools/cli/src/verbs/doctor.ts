import type { Command } from 'commander';
import { diagnose } from '@edgewright/workspace';
import type { EngineReport } from '@edgewright/workspace';
import { CliError } from '../cli-error.ts';
import type { Invocation } from '../invocation.ts';
import { keyValues, sizeText, textTable } from '../text-table.ts';

interface DoctorFlags {
  readonly json?: boolean;
  readonly require?: readonly string[];
}

/** What can be there or not: a backend, an execution provider, a module. */
interface Item {
  readonly kind: string;
  readonly name: string;
  readonly version: string;
  readonly available: boolean;
  readonly reason: string;
}

/** `edgewright doctor`. */
export function defineDoctor(program: Command, invocation: Invocation): void {
  program
    .command('doctor')
    .description('say what can score on this machine: backends, execution providers, threads, memory, with reasons')
    .option('--json', 'the same as --output json')
    .option('--require <list>', 'fail with exit code 1 unless all of these are available: onnx,cuda', (text) =>
      text.split(',').map((name) => name.trim()),
    )
    .addHelpText(
      'after',
      '\nEach execution provider of ONNX Runtime is tried with a small model, in a process of its own.\n' +
        '\nExit codes: 0 the report was made; 1 something that --require names is not available; 2 it names nothing known.\n' +
        '\nExample:\n  $ edgewright doctor\n  $ edgewright doctor --json --require onnx,cuda',
    )
    .action(async (flags: DoctorFlags) => {
      if (flags.json === true) invocation.terminal.format = 'json';
      const report = await diagnose(invocation.context.signal);
      const missing = missingOf(itemsOf(report), flags.require ?? []);
      invocation.terminal.result(report, () => reportText(report));
      if (missing.length === 0) return;
      for (const { name, reason } of missing) invocation.terminal.fail(`${name} is not available: ${reason}`);
      invocation.exitCode = 1;
    });
}

function itemsOf({ backends, executionProviders, modules }: EngineReport): Item[] {
  return [
    ...backends.map(({ packages, ...one }) => ({ kind: 'backend', ...one, version: packages[0]?.version ?? '' })),
    ...executionProviders.map((one) => ({ kind: 'provider', ...one, version: '' })),
    ...modules.map(({ version = '', ...one }) => ({ kind: 'module', ...one, version })),
  ];
}

function missingOf(items: readonly Item[], required: readonly string[]): Item[] {
  return required.flatMap((name) => {
    const found = items.find((item) => item.name === name);
    if (found === undefined) {
      throw new CliError('UsageInvalid', `--require names "${name}": expected some of ${items.map((item) => item.name).join(', ')}`); // prettier-ignore
    }
    return found.available ? [] : [found];
  });
}

function reportText(report: EngineReport): string {
  const { threads, memory } = report;
  const table = textTable(itemsOf(report), [
    { heading: 'KIND', cell: ({ kind }) => kind },
    { heading: 'NAME', cell: ({ name }) => name },
    { heading: 'VERSION', cell: ({ version }) => version },
    { heading: 'AVAILABLE', cell: ({ available }) => (available ? 'yes' : 'no') },
    { heading: 'WHY', cell: ({ reason }) => reason },
  ]);
  const machine = keyValues([
    ['threads', `${threads.available} of ${threads.processors} processors`],
    ['memory', `${sizeText(memory.total)}, ${sizeText(memory.free)} free`],
    ['limit', memory.limit === undefined ? undefined : `${sizeText(memory.limit)} for this container`],
  ]);
  return `${table}\n\n${machine}`;
}
