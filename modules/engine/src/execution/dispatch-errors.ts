import { EngineError } from '../engine-error.ts';
import type { PendingRequest } from './pending-request.ts';

/** @param running how many requests were running then */
export function timeoutError(request: PendingRequest, running: number): EngineError {
  const where = request.running
    ? 'while it ran'
    : `while it waited for a worker; ${running} other requests were running`;
  return new EngineError(
    'ScoringTimeout',
    `the request was not scored within its ${request.timeoutMs} ms: the time was over ${where}`,
    {
      details: {
        requestId: request.options.requestId,
        timeoutMs: request.timeoutMs,
        phase: request.running ? 'running' : 'waiting',
      },
    },
  );
}

export function closedError(): EngineError {
  return new EngineError('EngineClosed', 'the engine is shutting down and takes no more requests');
}
