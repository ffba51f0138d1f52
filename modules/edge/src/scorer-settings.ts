import { documentIssues, ScorerDesiredSchema, scorerEndpoints } from '@edgewright/contract';
import type { AcknowledgementPolicy, EngineSettings, JournalDurability, ScorerDesired } from '@edgewright/contract';
import { EdgeError } from './edge-error.ts';
import { defaultModelGate } from './model-update/model-watch.ts';
import type { ModelGate } from './model-update/model-watch.ts';

/** Bounds on the work on one message. */
export interface MessageLimits {
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly bodyBytes: number;
  readonly concurrency: number;
}

/** What the journal holds and survives, and how fast it is worked off. */
export interface JournalSettings {
  readonly durability: JournalDurability;
  readonly maxMessages: number;
  readonly maxBytes: number;
  readonly concurrency: number;
}

/** Where the results and the errors of an input go. */
export interface OutputNames {
  readonly outputs: readonly string[];
  readonly error: string;
}

/** The desired properties, with every default filled in. */
export interface ScorerSettings {
  readonly acknowledgement: AcknowledgementPolicy;
  readonly journal: JournalSettings;
  readonly limits: MessageLimits;
  /** The model to score with; undefined for the image's own. */
  readonly model: ScorerDesired['model'];
  readonly modelGate: ModelGate;
  /** How the model runs; what is left out stays as the module was started. */
  readonly engine: EngineSettings;
  readonly fallback: ScorerDesired['fallback'];
  readonly shadow: ScorerDesired['shadow'];
  /** How live data are compared with the model's baseline; what is left out stays as the module was started. */
  readonly drift: NonNullable<ScorerDesired['drift']>;
  /** Undefined: as the module was started. */
  readonly collection: ScorerDesired['collection'];
  readonly reportIntervalSeconds: number;
  /** Undefined: as the module was started. */
  readonly logLevel: ScorerDesired['logLevel'];
  outputsOf(inputName: string): OutputNames;
}

const defaultLimits: MessageLimits = { timeoutMs: 20_000, maxAttempts: 3, bodyBytes: 262_144, concurrency: 100 };

const defaultJournal: JournalSettings = {
  durability: 'power-loss',
  maxMessages: 10_000,
  maxBytes: 67_108_864,
  concurrency: 32,
};

/**
 * Checks desired properties and fills in the defaults. Keys that begin with `$` are the hub's own and left out.
 *
 * @param desired the whole of the desired properties, not a patch
 * @throws EdgeError `SettingsInvalid` with every issue
 */
export function readScorerSettings(desired: Readonly<Record<string, unknown>>): ScorerSettings {
  const own = Object.fromEntries(Object.entries(desired).filter(([key]) => !key.startsWith('$')));
  const issues = documentIssues(ScorerDesiredSchema, own);
  if (issues.length > 0) {
    const list = issues.map(({ path, expected, found }) => `${path}: expected ${expected}, found ${found}`).join('; ');
    throw new EdgeError(
      'SettingsInvalid',
      `the desired properties are refused: ${list}; the former settings stay in force`,
      {
        details: { issues },
      },
    );
  }
  const {
    acknowledgement,
    journal,
    limits,
    mapping,
    model,
    modelGate,
    engine,
    fallback,
    shadow,
    drift,
    collection,
    reportIntervalSeconds,
    logLevel,
  } = own as ScorerDesired;
  const byInput = new Map(Object.entries(mapping?.inputs ?? {}));
  return {
    acknowledgement: acknowledgement ?? 'after-output',
    journal: { ...defaultJournal, ...journal },
    limits: { ...defaultLimits, ...limits },
    model,
    modelGate: { ...defaultModelGate, ...modelGate },
    engine: engine ?? {},
    fallback,
    shadow,
    drift: drift ?? {},
    collection,
    reportIntervalSeconds: reportIntervalSeconds ?? 60,
    logLevel,
    outputsOf: (inputName) => ({
      outputs: byInput.get(inputName)?.outputs ?? mapping?.outputs ?? [scorerEndpoints.output],
      error: byInput.get(inputName)?.error ?? mapping?.error ?? scorerEndpoints.error,
    }),
  };
}
