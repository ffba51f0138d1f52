export { serveScoring } from './serve-scoring.ts';
export type { ScoringServer, ServeScoringOptions, WebLimits } from './serve-scoring.ts';
export { WebError } from './web-error.ts';
