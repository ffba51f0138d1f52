import type { Command } from 'commander';
import { backends, parseBackendChoice, parseExecutionProviders } from '@edgewright/contract';
import type { BackendChoice, ExecutionProvider } from '@edgewright/contract';
import { tuningRemark } from '@edgewright/workspace';
import type { TunedWay, TuneReport, TuningPlaces, Workspace } from '@edgewright/workspace';
import { CliError } from '../cli-error.ts';
import { collectPairs, duration, oneOf, positive, sizeBytes, wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { textTable } from '../text-table.ts';
import type { Column } from '../text-table.ts';

interface TuneFlags {
  readonly inferenceConfigFile?: string;
  readonly backend?: BackendChoice;
  readonly executionProviders?: ExecutionProvider[];
  readonly variant?: Record<string, string>;
  readonly tolerance?: number;
  readonly samples?: string;
  readonly maxP99Ms?: number;
  readonly maxMemory?: number;
  readonly concurrency?: number;
  readonly rate?: number;
  readonly objective?: (typeof OBJECTIVES)[number];
  readonly budget: number;
  readonly seed: number;
  readonly manifest?: string;
  readonly module?: string;
  readonly deployConfigFile?: string;
  readonly desiredFile?: string;
  readonly page?: string;
  readonly plot?: string;
}

const OBJECTIVES = ['throughput', 'latency', 'memory', 'energy'] as const;
const LEAST_MEMORY = 16 * 2 ** 20;
const HELP = `
The default, which is how the model is served now, takes part in every round. A way that is not better by more than noise is never taken.

Exit codes: 0 found, or the default is best; 1 nothing keeps to the bounds, and no settings were written.

Examples:
  $ edgewright tune diabetes.onnx
  $ edgewright tune diabetes.onnx --max-p99-ms 20 --max-memory 200m --concurrency 32 --budget 5m
  $ edgewright tune digits --variant int8=digits.int8.onnx --tolerance 0.05 --page tuning.html --manifest deployment.template.json`;

/** `edgewright tune MODEL`. */
export function defineTune(program: Command, invocation: Invocation): void {
  const verb = program
    .command('tune')
    .description('find out how a model runs best on this machine, by measuring, and write it down')
    .argument('<model>', 'a model file, or a registered model as NAME or NAME:VERSION')
    .option('--ic, --inference-config-file <file>', 'the inference configuration, as serve takes it')
    .option(
      '--max-p99-ms <ms>',
      "what 99 of 100 requests may take; default: a fifth more than the default's own",
      positive('--max-p99-ms'),
    )
    .option(
      '--max-memory <size>',
      'the most memory, such as 200m; of the engine, without a host',
      sizeBytes('--max-memory', LEAST_MEMORY),
    )
    .option('--concurrency <n>', 'requests that come at once (default: 8)', wholeNumber('--concurrency', 1, 1024))
    .option('--rate <n>', 'requests a second instead, however long answers take', positive('--rate'))
    .option(
      '--objective <name>',
      `what to make best: ${OBJECTIVES.join(', ')} (default: throughput; with --rate latency)`,
      oneOf('--objective', OBJECTIVES),
    )
    .option('--budget <time>', 'how long it may take, roughly: 90s, 5m', duration('--budget', 5_000), 60_000)
    .option(
      '--samples <file>',
      'a JSON file with a list of requests, as /score takes them; default: the warmUp of the inference configuration, else made by chance',
    )
    .option(
      '--variant <name=file>',
      'another file of the model, such as int8=model.int8.onnx; may be given several times',
      collectPairs('--variant'),
    )
    .option(
      '--tolerance <share>',
      "by how much a variant's answers may differ, as a share of the largest number (default: 0.01)",
      positive('--tolerance'),
    )
    .option('--backend <name>', `only this of ${backends.join(', ')}; with commas, several`, (text) =>
      parseBackendChoice(text, '--backend'),
    )
    .option('--execution-providers <list>', 'of ONNX Runtime, for the default', (text) =>
      parseExecutionProviders(text, '--execution-providers'),
    )
    .option('--seed <n>', 'what follows from chance follows from it', wholeNumber('--seed', 0, 2 ** 32 - 1), 1);
  addPlaces(verb)
    .addHelpText('after', HELP)
    .action(async (model: string, flags: TuneFlags) => {
      checkFlags(flags);
      await invocation.withWorkspace((workspace) => tune(workspace, { model, flags, invocation }));
    });
}

function addPlaces(verb: Command): Command {
  return verb
    .option('--manifest <file>', 'put it into this manifest, template or layer, as the desired property "engine"')
    .option('--module <name>', 'the module of the manifest; default: the only one')
    .option('--dc, --deploy-config-file <file>', 'put it into this deployment configuration')
    .option('--desired-file <file>', 'write it as desired properties, {"engine": …}')
    .option('--page <file>', 'write a page with the plot and all figures (HTML)')
    .option('--plot <file>', 'write the plot alone (SVG)');
}

function checkFlags({ concurrency, rate, module, manifest }: TuneFlags): void {
  if (concurrency !== undefined && rate !== undefined) {
    throw new CliError(
      'UsageInvalid',
      'requests come either --concurrency at once or --rate a second: give one of both',
    );
  }
  if (module !== undefined && manifest === undefined) {
    throw new CliError('UsageInvalid', `--module is "${module}", and there is no --manifest that has it`);
  }
}

async function tune(
  workspace: Workspace,
  { model, flags, invocation }: { readonly model: string; readonly flags: TuneFlags; readonly invocation: Invocation },
): Promise<void> {
  const file = (text: string | undefined) => (text === undefined ? undefined : invocation.path(text));
  const variants = Object.entries(flags.variant ?? {}).map(([name, text]) => [name, invocation.path(text)]);
  const places = given({
    manifest: file(flags.manifest),
    module: flags.module,
    deploymentConfig: file(flags.deployConfigFile),
    desired: file(flags.desiredFile),
    page: file(flags.page),
    plot: file(flags.plot),
  });
  await workspace.checkTuningPlaces(places);
  const report = await workspace.tune({
    model: invocation.modelPathOrName(model),
    inferenceConfig: file(flags.inferenceConfigFile),
    backend: flags.backend,
    executionProviders: flags.executionProviders,
    variants: Object.fromEntries(variants) as Record<string, string>,
    tolerance: flags.tolerance,
    samples: file(flags.samples),
    maxP99Ms: flags.maxP99Ms,
    maxMemoryBytes: flags.maxMemory,
    concurrency: flags.concurrency,
    ratePerSecond: flags.rate,
    objective: flags.objective,
    budgetMs: flags.budget,
    seed: flags.seed,
    signal: invocation.context.signal,
  });
  const hasSettings = report.best !== null;
  const { page, plot } = places;
  const files = await workspace.saveTuning(report, hasSettings ? places : given({ page, plot }));
  invocation.terminal.result({ ...report, files }, () => reportText(report, files));
  if (!hasSettings) invocation.exitCode = 1;
}

/** What is not undefined. */
function given(values: Readonly<Record<string, string | undefined>>): TuningPlaces {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function reportText(report: TuneReport, files: readonly string[]): string {
  const { best, isDefault, reason } = report;
  const found =
    best === null
      ? [`nothing is changed: ${reason}`]
      : [
          `best: ${best.name}; ${reason}`,
          ...(best.variant === 'reference'
            ? []
            : [`it is the variant ${best.variant}: deliver that file as the model`]),
          isDefault ? 'nothing is to be set' : `set "engine": ${JSON.stringify(best.settings)}`,
        ];
  const { lookedAt, of } = report;
  const short = lookedAt < of ? [`${lookedAt} of ${of} ways were looked at; a larger --budget has time for more`] : [];
  return [tableOf(report), '', ...found, ...short, ...files.map((file) => `wrote ${file}`)].join('\n');
}

/** Ways that people will not read are in the page and in the JSON. */
const MOST_ROWS = 20;

function tableOf({ candidates }: TuneReport): string {
  const seen = candidates.filter(({ round }) => round > 0);
  const number = (heading: string, pick: (way: TunedWay) => number | undefined): Column<TunedWay> => ({
    heading,
    align: 'right',
    cell: (way) => digits(pick(way)),
  });
  const hasEnergy = seen.some(({ figures }) => figures?.joulesPerRequest !== undefined);
  const millijoules = number('MJ', ({ figures }) => times(figures?.joulesPerRequest, 1000));
  const table = textTable(seen.slice(0, MOST_ROWS), [
    { heading: 'WAY', cell: ({ name }) => name },
    number('REQUESTS/S', ({ figures }) => figures?.throughput),
    number('P50 MS', ({ figures }) => figures?.p50Ms),
    number('P99 MS', ({ figures }) => figures?.p99Ms),
    number('MEMORY MB', ({ figures }) => times(figures?.rssBytes, 2 ** -20)),
    ...(hasEnergy ? [millijoules] : []),
    { heading: 'ROUND', align: 'right', cell: ({ round }) => String(round) },
    { heading: 'REMARK', cell: tuningRemark },
  ]);
  return seen.length > MOST_ROWS
    ? `${table}\n… ${seen.length - MOST_ROWS} more; --page and --output json have all`
    : table;
}

function times(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}

function digits(value: number | undefined): string {
  if (value === undefined) return '';
  return value >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
