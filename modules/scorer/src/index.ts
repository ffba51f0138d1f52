export { ScorerError } from './scorer-error.ts';
