import { EdgeError } from '@edgewright/edge';
import { EngineError } from '@edgewright/engine';
import { expect, it } from 'vitest';
import { exitCodeOf } from './exit-codes.ts';
import { ScorerError } from './scorer-error.ts';

it.each([
  [new ScorerError('ScoringConfigInvalid', ''), 2],
  [new EngineError('ModelNotLoadable', ''), 2],
  [new EngineError('ScoringFailed', ''), 1],
  [new EdgeError('HubUnreachable', ''), 75],
  [new TypeError('a bug'), 1],
])('%s ends with %i', (error, code) => {
  expect(exitCodeOf(error)).toBe(code);
});
