import { errorCatalogue } from '@edgewright/contract';
import type { ErrorEntry } from '@edgewright/contract';
import type { StageFailure } from './stage-failure.ts';

/** How a scorer ended. */
export interface ScorerEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** What it wrote, the oldest line first. */
  readonly log: readonly string[];
  /** Set when the kernel ended it, or a process of it, at this limit. */
  readonly memoryLimitInGB?: number;
}

/** In which stage of a start an error arises. */
const STAGES: Readonly<Record<string, string>> = {
  EnvironmentInvalid: 'configuration',
  ScoringConfigInvalid: 'configuration',
  AuthenticationInvalid: 'configuration',
  CertificateInvalid: 'configuration',
  BackendUnavailable: 'load',
  ModelNotLoadable: 'load',
  EntryScriptNotLoadable: 'init',
  WarmUpFailed: 'warm-up',
  WorkerLost: 'init',
  PortInUse: 'listen',
};
const SHOWN_LINES = 20;

/** Says from its log and its exit why a scorer did not come up: the stage, the failure, and what to mend. */
export function explainFailure({ exitCode, signal, log, memoryLimitInGB }: ScorerEnd): StageFailure {
  const tail = log.slice(-SHOWN_LINES);
  const ending = signal === undefined ? `exit code ${exitCode ?? 'unknown'}` : `the signal ${signal}`;
  if (memoryLimitInGB !== undefined) {
    return {
      stage: 'start',
      message: `it was ended by the kernel because it took more than ${Number(memoryLimitInGB.toFixed(2))} GB of memory`,
      likelyCause: 'Its limit is too low for the model. Raise memoryInGB, or make the model smaller.',
      log: tail,
    };
  }
  const said = log.map(errorOf).findLast((error) => error !== undefined);
  if (said !== undefined) {
    const entry = entryOf(said.code);
    return {
      stage: STAGES[said.code] ?? 'start',
      message: said.message,
      likelyCause: entry === undefined ? `it ended with ${ending}` : `${entry.meaning}. ${entry.remedy}`,
      log: tail,
    };
  }
  if (signal === 'SIGKILL' || exitCode === 137) {
    return {
      stage: 'start',
      message: `it was ended by ${ending}`,
      likelyCause: 'It took more memory than it may have. Raise memoryInGB, or make the model smaller.',
      log: tail,
    };
  }
  const last = log.findLast((line) => line.trim() !== '') ?? 'it wrote nothing';
  return { stage: 'start', message: `it ended with ${ending}: ${last}`, likelyCause: 'The log says more.', log: tail };
}

/** The failure in a line of the scorer's log, when it has one. */
function errorOf(line: string): { code: string; message: string } | undefined {
  if (!line.includes('"err"')) return undefined;
  try {
    const { err, level } = JSON.parse(line.slice(line.indexOf('{'))) as {
      err?: { code?: unknown; message?: unknown };
      level?: unknown;
    };
    if (level !== 'fatal' || typeof err?.message !== 'string') return undefined;
    return { code: typeof err.code === 'string' ? err.code : 'Unexpected', message: err.message };
  } catch {
    return undefined;
  }
}

function entryOf(code: string): ErrorEntry | undefined {
  for (const rows of Object.values(errorCatalogue)) {
    const row = (rows as Readonly<Record<string, ErrorEntry>>)[code];
    if (row !== undefined) return row;
  }
  return undefined;
}
