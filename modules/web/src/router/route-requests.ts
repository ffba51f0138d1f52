import { isEdgewrightError } from '@edgewright/contract';
import type { Engine } from '@edgewright/engine';
import { WebError } from '../web-error.ts';
import { AdmissionQueue } from './admission-queue.ts';

/** What Azure ML's router (azureml-fe) is told of a service; its defaults are those of an AKS service. */
export interface RouterSettings {
  /** The service's name, in messages. */
  readonly service: string;
  /** Default 1. */
  readonly maxConcurrentRequests?: number;
  /** Default 500. */
  readonly maxQueueWaitMs?: number;
  /** Default 60 000. */
  readonly scoringTimeoutMs?: number;
  /** Requests that may wait; default 1000. */
  readonly queueLength?: number;
}

/** Failures that a caller of Azure ML's router saw as 502: the replica, not the router, is at fault. */
const REPLICA_FAILURES = new Set(['EntryScriptFailed', 'ScoringFailed', 'WorkerLost']);

/**
 * Puts the semantics of Azure ML's router before an engine: so many requests at once, a wait in the queue and then 503 with
 * its text, a timeout and then 504, 502 when `run()` throws or its process ends. Every host that uses the engine shares them.
 */
export function routeRequests(engine: Engine, settings: RouterSettings): Engine {
  const { service, maxConcurrentRequests = 1, maxQueueWaitMs = 500, scoringTimeoutMs = 60_000 } = settings;
  const queue = new AdmissionQueue({
    maxConcurrentRequests,
    maxQueueWaitMs,
    queueLength: settings.queueLength ?? 1000,
  });

  const route = async <Result>(
    request: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
    run: (timeoutMs: number) => Promise<Result>,
  ): Promise<Result> => {
    const leave = await queue.enter(request.signal);
    if (leave === undefined)
      throw new WebError('ServiceOverloaded', `Too many requests for service ${service} (overloaded)`);
    try {
      return await run(Math.min(request.timeoutMs ?? scoringTimeoutMs, scoringTimeoutMs));
    } catch (error) {
      throw asRouter(error, service);
    } finally {
      leave();
    }
  };
  return {
    score: (request) => route(request, (timeoutMs) => engine.score({ ...request, timeoutMs })),
    infer: (request) => route(request, (timeoutMs) => engine.infer({ ...request, timeoutMs })),
    swap: (options) => engine.swap(options),
    describe: () => engine.describe(),
    stats: () => {
      const stats = engine.stats();
      return { ...stats, waiting: stats.waiting + queue.length };
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

function asRouter(error: unknown, service: string): unknown {
  if (!isEdgewrightError(error)) return error;
  if (error.code === 'EngineClosed') {
    return new WebError('NoReadyReplica', `No ready replicas for service ${service}`, { cause: error });
  }
  if (error.code === 'QueueFull') {
    return new WebError('ServiceOverloaded', `Too many requests for service ${service} (overloaded)`, { cause: error });
  }
  if (!REPLICA_FAILURES.has(error.code)) return error;
  const text = error.code === 'WorkerLost' ? 'Replica closed connection before replying' : error.message;
  return new WebError('ReplicaFailed', text, { details: { reason: error.code }, cause: error });
}
