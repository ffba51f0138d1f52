import type { Command } from 'commander';
import { parseJson } from '@edgewright/contract';
import { readTextFile } from '@edgewright/workspace';
import type { RegisterFromRunInput } from '@edgewright/workspace';
import { CliError } from './cli-error.ts';
import type { Invocation } from './invocation.ts';

/** Where a model comes from: a path, or a run of an experiment. */
export interface RunFlags {
  readonly modelPath?: string;
  readonly assetPath?: string;
  readonly experimentName?: string;
  readonly runId?: string;
  readonly runMetadataFile?: string;
  readonly trackingUri?: string;
}

type RunSource = Pick<RegisterFromRunInput, 'store' | 'assetPath' | 'runId' | 'experimentName' | 'authorization'>;

/** Adds Azure's flags for a model that a run wrote. */
export function addRunFlags(verb: Command): Command {
  return verb
    .option('--asset-path <path>', "in place of --model-path: a path inside an MLflow run's artifacts")
    .option('--experiment-name <name>', 'the experiment; without --run-id its newest finished run is taken')
    .option('-r, --run-id <id>', 'the run')
    .option('-f, --run-metadata-file <file>', 'a JSON file with run_id and _experiment_name, in place of the two flags')
    .option(
      '--tracking-uri <place>',
      'a tracking server, or the folder mlruns; default: MLFLOW_TRACKING_URI, else ./mlruns',
    );
}

/** @throws CliError `UsageInvalid` unless exactly one source is named */
export async function sourceOf(
  flags: RunFlags,
  invocation: Invocation,
): Promise<{ readonly path: string } | RunSource> {
  const { modelPath, assetPath } = flags;
  if ((modelPath === undefined) === (assetPath === undefined)) {
    const reason = modelPath === undefined ? 'no model was named' : 'there are two sources';
    throw new CliError('UsageInvalid', `${reason}: give either --model-path, or --asset-path of a run`);
  }
  if (modelPath !== undefined) return { path: invocation.path(modelPath) };
  const { environment } = invocation.context;
  const place = flags.trackingUri ?? environment['MLFLOW_TRACKING_URI'] ?? 'mlruns';
  const run = { ...(await metadataOf(flags, invocation)), ...given(flags) };
  if (run.runId === undefined && run.experimentName === undefined) {
    throw new CliError('UsageInvalid', 'no run was named: give --run-id, --experiment-name or --run-metadata-file');
  }
  const authorization = authorizationOf(environment);
  return {
    store: /^(https?|file):/.test(place) ? place : invocation.path(place),
    assetPath: assetPath ?? '',
    ...run,
    ...(authorization === undefined ? {} : { authorization }),
  };
}

function given({ runId, experimentName }: RunFlags): Pick<RunSource, 'runId' | 'experimentName'> {
  return {
    ...(runId === undefined ? {} : { runId }),
    ...(experimentName === undefined ? {} : { experimentName }),
  };
}

async function metadataOf(
  { runMetadataFile }: RunFlags,
  invocation: Invocation,
): Promise<Pick<RunSource, 'runId' | 'experimentName'>> {
  if (runMetadataFile === undefined) return {};
  const file = invocation.path(runMetadataFile);
  const value = parseJson(await readTextFile(file, 'the metadata of the run'), file) as Record<string, unknown> | null;
  const { run_id: runId, _experiment_name: experimentName } = value ?? {};
  if (typeof runId !== 'string') {
    throw new CliError('UsageInvalid', `--run-metadata-file "${file}" has no text "run_id"`);
  }
  return { runId, ...(typeof experimentName === 'string' ? { experimentName } : {}) };
}

/** MLflow's own variables. */
function authorizationOf(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const {
    MLFLOW_TRACKING_TOKEN: token,
    MLFLOW_TRACKING_USERNAME: name,
    MLFLOW_TRACKING_PASSWORD: password,
  } = environment;
  if (token !== undefined) return `Bearer ${token}`;
  if (name === undefined || password === undefined) return undefined;
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}
