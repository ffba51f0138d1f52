import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import type { Batch, BatchConfig } from '@edgewright/workspace';
import { batchTable, batchText, dryRunText, outputText } from '../batch-text.ts';
import { batchWatcher } from '../batch-watcher.ts';
import { CliError } from '../cli-error.ts';
import { collect, oneOf, wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';

/** `edgewright batch …`: jobs that score files and tables. */
export function defineBatch(program: Command, invocation: Invocation): void {
  const group = program
    .command('batch')
    .description('batch jobs: score files and tables, on this machine or on a cluster');
  defineSubmit(group, invocation);
  defineList(group, invocation);
  defineStatus(group, invocation);
  defineLogs(group, invocation);
  defineResults(group, invocation);
  defineCancel(group, invocation);
  defineResume(group, invocation);
  defineDelete(group, invocation);
}

interface SubmitFlags {
  readonly name?: string;
  readonly batchConfigFile?: string;
  readonly inferenceConfigFile?: string;
  readonly model?: string[];
  readonly input?: string[];
  readonly outputTo?: string;
  readonly columns?: string;
  readonly miniBatchSize?: string;
  readonly errorThreshold?: string;
  readonly nodeCount?: number;
  readonly processCountPerNode?: number;
  readonly runInvocationTimeout?: string;
  readonly loggingLevel?: 'WARNING' | 'INFO' | 'DEBUG';
  readonly appendRowFileName?: string;
  readonly argument?: string[];
  readonly overwrite?: boolean;
  readonly ct?: string;
  readonly image?: string;
  readonly dryRun?: boolean;
  readonly wait?: boolean;
}

function defineSubmit(group: Command, invocation: Invocation): void {
  group
    .command('submit')
    .description('start a batch job; it runs on when this command has ended')
    .option('-n, --name <name>', 'the name of the job')
    .option('--bc, --batch-config-file <file>', 'the batch configuration, JSON or YAML; flags win')
    .option('-m, --model <id>', 'a registered model, NAME or NAME:VERSION; may be given several times', collect)
    .option(
      '-i, --input <place>',
      'a file, a folder, or an address of Azure Blob Storage; may be given several times',
      collect,
    )
    .option('--output-to <place>', 'the folder for the results, or an address of Azure Blob Storage')
    .option('--ic, --inference-config-file <file>', 'an inference configuration, for its backend and images')
    .option('--columns <list>', 'for a model without a script: the columns that it takes, with commas')
    .option('--mini-batch-size <size>', 'of files their number, of rows a size such as 1MB')
    .option('--error-threshold <n>', 'items that may fail; -1: any number')
    .option('--node-count <n>', 'nodes', wholeNumber('--node-count', 1))
    .option('--process-count-per-node <n>', 'worker processes', wholeNumber('--process-count-per-node', 1))
    .option('--run-invocation-timeout <seconds>', 'what one mini-batch may take')
    .option('--logging-level <level>', 'WARNING, INFO or DEBUG', oneOf('--logging-level', ['WARNING', 'INFO', 'DEBUG']))
    .option('--append-row-file-name <name>', 'what the file of results is called')
    .option('--argument <text>', 'what the script gets as context.arguments; may be given several times', collect)
    .option('--ct <name>', 'a cluster that was attached; default: this machine')
    .option(
      '--image <reference>',
      'for a cluster: an image that it can pull, instead of one that is built and pushed now',
    )
    .option('--overwrite', 'replace a job of that name that has ended')
    .option('--dry-run', 'print what the job would be; start nothing')
    .option('--wait', 'wait until it has ended; Ctrl-C ends the waiting, not the job')
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright batch submit -n nightly -m diabetes --input patients.csv --output-to scores --wait',
    )
    .action(async (flags: SubmitFlags) => {
      await invocation.withWorkspace(async (workspace) => {
        const input = {
          config: flags.batchConfigFile === undefined ? undefined : invocation.path(flags.batchConfigFile),
          overrides: overridesOf(flags, invocation),
          overwrite: flags.overwrite === true,
          image: flags.image,
        };
        if (flags.dryRun === true) {
          const plan = await workspace.batches.plan(input);
          invocation.terminal.result(plan, () => dryRunText(plan));
          return;
        }
        const batch = await workspace.batches.submit(input);
        if (flags.wait === true) await watch(batch.name, invocation);
        else invocation.terminal.result(batch, () => batchText(batch));
      });
    });
}

function overridesOf(flags: SubmitFlags, invocation: Invocation): Partial<BatchConfig> {
  const place = (text: string) => (text.includes('://') ? text : invocation.path(text));
  const number = (text: string, flag: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value)) return value;
    throw new CliError('UsageInvalid', `${flag} is "${text}": expected a number`);
  };
  const {
    name,
    model,
    input,
    outputTo,
    inferenceConfigFile,
    columns,
    miniBatchSize,
    errorThreshold,
    runInvocationTimeout,
    argument,
  } = flags;
  const { nodeCount, processCountPerNode, loggingLevel, appendRowFileName } = flags;
  return {
    ...(flags.ct === undefined ? {} : { computeTarget: flags.ct }),
    ...(name === undefined ? {} : { name }),
    ...(model === undefined ? {} : { models: model }),
    ...(input === undefined ? {} : { inputs: input.map(place) }),
    ...(outputTo === undefined ? {} : { output: place(outputTo) }),
    ...(inferenceConfigFile === undefined ? {} : { inferenceConfig: invocation.path(inferenceConfigFile) }),
    ...(columns === undefined ? {} : { columns: columns.split(',').map((column) => column.trim()) }),
    ...(miniBatchSize === undefined
      ? {}
      : { miniBatchSize: /^\d+$/.test(miniBatchSize) ? Number(miniBatchSize) : miniBatchSize }),
    ...(errorThreshold === undefined ? {} : { errorThreshold: number(errorThreshold, '--error-threshold') }),
    ...(runInvocationTimeout === undefined ? {} : { runInvocationTimeout: number(runInvocationTimeout, '--run-invocation-timeout') }), // prettier-ignore
    ...(nodeCount === undefined ? {} : { nodeCount }),
    ...(processCountPerNode === undefined ? {} : { processCountPerNode }),
    ...(loggingLevel === undefined ? {} : { loggingLevel }),
    ...(appendRowFileName === undefined ? {} : { appendRowFileName }),
    ...(argument === undefined ? {} : { arguments: argument }),
  };
}

/** Shows how far a job is until it has ended, then what came of it. */
async function watch(name: string, invocation: Invocation): Promise<void> {
  const { terminal, context } = invocation;
  await invocation.withWorkspace(async (workspace) => {
    try {
      const ended = await workspace.batches.wait(name, { signal: context.signal, each: batchWatcher(invocation) });
      if (ended.state !== 'Completed') invocation.exitCode = 1;
      terminal.result(ended, () => batchText(ended));
    } catch (error) {
      if (context.signal.aborted) {
        terminal.say(`the job goes on: "edgewright batch status -n ${name} --wait" shows it, "edgewright batch cancel -n ${name}" ends it`); // prettier-ignore
      }
      throw error;
    }
  });
}

function defineList(group: Command, invocation: Invocation): void {
  group
    .command('list')
    .description('list the batch jobs of the workspace')
    .addHelpText('after', '\nExample:\n  $ edgewright batch list')
    .action(async () => {
      const batches = await invocation.withWorkspace((workspace) => workspace.batches.list());
      invocation.terminal.result(batches, () => (batches.length === 0 ? 'no batch jobs' : batchTable(batches)));
    });
}

function defineStatus(group: Command, invocation: Invocation): void {
  group
    .command('status')
    .description('show how far a batch job is; what went wrong first stands at the top')
    .requiredOption('-n, --name <name>', 'the job')
    .option('--wait', 'wait until it has ended')
    .addHelpText('after', '\nExample:\n  $ edgewright batch status -n nightly')
    .action(async ({ name, wait }: { name: string; wait?: boolean }) => {
      if (wait === true) return await watch(name, invocation);
      show(await invocation.withWorkspace((workspace) => workspace.batches.show(name)), invocation);
    });
}

function defineLogs(group: Command, invocation: Invocation): void {
  group
    .command('logs')
    .description('print the last lines of a log of a batch job; without --file its overview')
    .requiredOption('-n, --name <name>', 'the job')
    .option('-f, --file <path>', 'a log below logs/, such as sys/master_role.txt')
    .option('--list', 'the paths of all logs instead')
    .option('-l, --num-lines <n>', 'how many', wholeNumber('--num-lines', 1, 1_000_000), 1000)
    .addHelpText('after', '\nExample:\n  $ edgewright batch logs -n nightly -f sys/master_role.txt')
    .action(async (flags: { name: string; file?: string; list?: boolean; numLines: number }) => {
      const lines = await invocation.withWorkspace((workspace) =>
        flags.list === true
          ? workspace.batches.logFiles(flags.name)
          : workspace.batches.logs(flags.name, { file: flags.file, lines: flags.numLines }),
      );
      invocation.terminal.result(lines, () => lines.join('\n'));
    });
}

function defineResults(group: Command, invocation: Invocation): void {
  group
    .command('results')
    .description('say where the results of a batch job are, or print one of them')
    .requiredOption('-n, --name <name>', 'the job')
    .option('-f, --file <name>', 'print this file of the output, which must be on this machine')
    .addHelpText('after', '\nExample:\n  $ edgewright batch results -n nightly -f parallel_run_step.txt')
    .action(async ({ name, file }: { name: string; file?: string }) => {
      const files = await invocation.withWorkspace((workspace) => workspace.batches.results(name));
      if (file === undefined) {
        invocation.terminal.result(files, () => outputText(files));
        return;
      }
      const found = files.find((each) => each.name === file);
      if (found === undefined || found.place.includes('://')) {
        const reason = found === undefined ? `there is ${files.map((each) => each.name).join(', ') || 'none yet'}` : `it is at ${found.place}`; // prettier-ignore
        throw new CliError('UsageInvalid', `the batch job ${name} has no file "${file}" on this machine: ${reason}`);
      }
      for await (const text of createReadStream(found.place, 'utf8')) invocation.context.stdout.write(text as string);
    });
}

function defineCancel(group: Command, invocation: Invocation): void {
  group
    .command('cancel')
    .description('end a batch job; what is done stays')
    .requiredOption('-n, --name <name>', 'the job')
    .addHelpText('after', '\nExample:\n  $ edgewright batch cancel -n nightly')
    .action(async ({ name }: { name: string }) => {
      show(await invocation.withWorkspace((workspace) => workspace.batches.cancel(name)), invocation);
    });
}

function defineResume(group: Command, invocation: Invocation): void {
  group
    .command('resume')
    .description('go on with a batch job that was cancelled, failed or interrupted; what is done is not done again')
    .requiredOption('-n, --name <name>', 'the job')
    .option('--wait', 'wait until it has ended')
    .addHelpText('after', '\nExample:\n  $ edgewright batch resume -n nightly --wait')
    .action(async ({ name, wait }: { name: string; wait?: boolean }) => {
      const batch = await invocation.withWorkspace((workspace) => workspace.batches.resume(name));
      if (wait === true) await watch(name, invocation);
      else show(batch, invocation);
    });
}

function defineDelete(group: Command, invocation: Invocation): void {
  group
    .command('delete')
    .description('forget a batch job, and end it before when it runs; its output stays')
    .requiredOption('-n, --name <name>', 'the job')
    .addHelpText('after', '\nExample:\n  $ edgewright batch delete -n nightly')
    .action(async ({ name }: { name: string }) => {
      await invocation.withWorkspace((workspace) => workspace.batches.delete(name));
      invocation.terminal.result({ name, deleted: true }, () => '');
    });
}

function show(batch: Batch, { terminal }: Invocation): void {
  terminal.result(batch, () => batchText(batch));
}
