import path from 'node:path';
import type { Command } from 'commander';
import type { ModelProfile } from '@edgewright/contract';
import { readTextFile } from '@edgewright/workspace';
import { CliError } from '../cli-error.ts';
import { collect, wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { keyValues, textTable } from '../text-table.ts';

interface ProfileFlags {
  readonly name: string;
  readonly model: string[];
  readonly ic?: string;
  readonly inputData?: string;
  readonly inputDataset?: string;
  readonly contentType?: string;
  readonly cpuLimits?: number[];
  readonly memoryLimits?: number[];
  readonly maxLatencyMs?: number;
  readonly maxErrorRate?: number;
  readonly concurrency?: number;
  readonly seconds?: number;
  readonly timeoutSeconds?: number;
  readonly page?: string | boolean;
  readonly outputMetadataFile?: string;
}

/** `edgewright model profile`, with the flags of `az ml model profile`; the group `model` must be there. */
export function defineModelProfile(program: Command, invocation: Invocation): void {
  const group = program.commands.find((command) => command.name() === 'model');
  if (group === undefined) throw new TypeError('the group "model" is defined after "model profile"');
  group
    .command('profile')
    .description('find the least cores and memory with which models score well enough, in containers of this machine')
    .requiredOption('-n, --name <name>', 'the name of the profile')
    .requiredOption('-m, --model <id>', 'a registered model, NAME or NAME:VERSION; may be given several times', collect)
    .option('--ic <file>', 'the inference configuration; it must name a baseImage with a C library')
    .option('-d, --input-data <json>', 'the body of a request, or @FILE')
    .option('--input-dataset <file>', 'instead: a file with the body of a request on each line')
    .option('--content-type <type>', 'of the requests; default: application/json')
    .option('--cpu-limits <list>', 'cores to try; default: 0.1,0.5,1,2', numbers('--cpu-limits'))
    .option('--memory-limits <list>', 'gigabytes to try; default: 0.25,0.5,1,2', numbers('--memory-limits'))
    .option('--max-latency-ms <n>', 'what 95 % of the requests may take; default: twice what they take with the largest limits', number('--max-latency-ms'))
    .option('--max-error-rate <share>', 'the share of requests that may fail, such as 0.01; default: 0', number('--max-error-rate'))
    .option('--concurrency <n>', 'requests at once; default: 1', wholeNumber('--concurrency', 1, 1000))
    .option('--seconds <n>', 'how long each pair of limits is measured; default: 5', number('--seconds'))
    .option('--timeout-seconds <n>', 'no pair of limits is begun after it; default: 600', number('--timeout-seconds'))
    .option('--page <file>', 'where the table and the charts go as HTML; default: profile-NAME.html')
    .option('--no-page', 'write no page')
    .option('-t, --output-metadata-file <file>', 'write the result as JSON, for model deploy --pi')
    .addHelpText('after', `\nExample:\n  $ edgewright model profile -n diabetes-profile -m diabetes:1 --ic inferenceconfig.json -d '{"data": [[1,2,3,4,5,6,7,8,9,10]]}'`)
    .action(async (flags: ProfileFlags) => profile(flags, invocation)); // prettier-ignore
}

async function profile(flags: ProfileFlags, invocation: Invocation): Promise<void> {
  const file = (name: string | undefined): string | undefined => (name === undefined ? undefined : invocation.path(name));
  const page = flags.page === false ? undefined : invocation.path(typeof flags.page === 'string' ? flags.page : `profile-${flags.name}.html`);
  const inputData = flags.inputData?.startsWith('@') === true
    ? await readTextFile(invocation.path(flags.inputData.slice(1)), 'the input data')
    : flags.inputData;
  const result = await invocation.withWorkspace((workspace) =>
    workspace.profileModel({
      name: flags.name,
      models: flags.model,
      inferenceConfig: file(flags.ic),
      inputData,
      inputDataset: file(flags.inputDataset),
      contentType: flags.contentType,
      cpus: flags.cpuLimits,
      memories: flags.memoryLimits,
      maxLatencyMs: flags.maxLatencyMs,
      maxErrorRate: flags.maxErrorRate,
      callers: flags.concurrency,
      measureMs: flags.seconds === undefined ? undefined : flags.seconds * 1000,
      budgetMs: flags.timeoutSeconds === undefined ? undefined : flags.timeoutSeconds * 1000,
      page,
      resultFile: file(flags.outputMetadataFile),
      signal: invocation.context.signal,
    }),
  );
  invocation.terminal.result(result, () => profileText(result));
  if (page !== undefined) invocation.terminal.say(`charts: ${path.relative(invocation.path('.'), page)}`);
  if (result.state === 'Failed') invocation.exitCode = 1;
} // prettier-ignore

function profileText(profile: ModelProfile): string {
  const figure = (value: number | undefined): string =>
    value === undefined ? '' : value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
  const table = textTable(profile.points, [
    { heading: 'CORES', cell: ({ cpu }) => String(cpu) },
    { heading: 'GB', cell: ({ memoryInGB }) => String(memoryInGB) },
    { heading: 'OUTCOME', cell: ({ outcome }) => outcome },
    { heading: 'P50 MS', cell: ({ p50Ms }) => figure(p50Ms) },
    { heading: 'P95 MS', cell: ({ p95Ms }) => figure(p95Ms) },
    { heading: 'P99 MS', cell: ({ p99Ms }) => figure(p99Ms) },
    { heading: 'PER S', cell: ({ queriesPerSecond }) => figure(queriesPerSecond) },
    { heading: 'FAILED', cell: ({ failedQueries }) => figure(failedQueries) },
    { heading: 'USED GB', cell: ({ usedMemoryInGB }) => figure(usedMemoryInGB) },
    { heading: 'START S', cell: ({ startMs }) => figure(startMs === undefined ? undefined : startMs / 1000) },
  ]);
  const reasons = profile.points.flatMap(({ cpu, memoryInGB, outcome, reason }) =>
    reason === undefined || outcome === 'not measured' ? [] : [`${cpu} cores, ${memoryInGB} GB: ${reason}`],
  );
  const { recommendedCpu, recommendedMemoryInGB, error, maxLatencyMs } = profile;
  const advice = keyValues([
    ['recommended', error === undefined ? `${recommendedCpu} cores, ${recommendedMemoryInGB} GB` : undefined],
    ['target', `95 % within ${figure(maxLatencyMs)} ms`],
    ['error', error],
  ]);
  return [table, ...(reasons.length === 0 ? [] : ['', ...reasons]), '', advice].join('\n');
}

/** Reads a number. */
function number(flag: string): (text: string) => number {
  return (text) => {
    if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
    throw new CliError('UsageInvalid', `${flag} is "${text}": expected a number such as 2 or 0.5`);
  };
}

/** Reads numbers with commas. */
function numbers(flag: string): (text: string) => number[] {
  return (text) => text.split(',').map((part) => number(flag)(part.trim()));
}
