export { exitCodes } from './exit-codes.ts';
export { runScorer } from './run-scorer.ts';
export type { RunScorerOptions } from './run-scorer.ts';
export { readScorerEnvironment } from './scorer-environment.ts';
export type { EdgeEnvironment, ScorerEnvironment } from './scorer-environment.ts';
export { ScorerError } from './scorer-error.ts';
