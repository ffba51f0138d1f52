import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '@edgewright/engine';
import { describe, expect, it } from 'vitest';
import { createStubEngine } from '../../../../test/support/stub-engine.ts';
import { answerError } from '../answer-error.ts';
import { routeRequests } from './route-requests.ts';

const request = (data: unknown, signal?: AbortSignal) => ({
  data,
  requestId: 'r',
  ...(signal === undefined ? {} : { signal }),
});

/** An engine whose requests wait until they are told to go on. */
function gatedEngine() {
  const gates = new Map<unknown, () => void>();
  let most = 0;
  let inside = 0;
  const engine = createStubEngine(async (data) => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise<void>((resolve) => gates.set(data, resolve));
    inside -= 1;
    return data;
  });
  const open = async (data: unknown): Promise<void> => {
    while (!gates.has(data)) await sleep(1);
    gates.get(data)?.();
  };
  return { engine, open, most: () => most };
}

describe('the router', () => {
  it('lets in as many requests at once as it may, in their order', async () => {
    const { engine, open, most } = gatedEngine();
    const router = routeRequests(engine, { service: 's', maxConcurrentRequests: 2, maxQueueWaitMs: 10_000 });
    const order: unknown[] = [];
    const all = [1, 2, 3, 4].map((data) => router.score(request(data)).then(({ value }) => order.push(value)));
    expect(router.stats().waiting).toBe(2);
    for (const data of [1, 2, 3, 4]) await open(data);
    await Promise.all(all);
    expect(order).toEqual([1, 2, 3, 4]);
    expect(most()).toBe(2);
  });

  it("answers 503 with Azure's text and Retry-After to what waited too long", async () => {
    const { engine, open } = gatedEngine();
    const router = routeRequests(engine, { service: 'diabetes', maxQueueWaitMs: 20 });
    const first = router.score(request(1));
    const refused: unknown = await router.score(request(2)).catch((error: unknown) => error);
    expect(answerError(refused)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      body: { message: 'Too many requests for service diabetes (overloaded)' },
    });
    await open(1);
    expect((await first).value).toBe(1);
    const third = router.score(request(3));
    await open(3);
    expect((await third).value).toBe(3);
  });

  it('refuses at once what does not fit into the queue', async () => {
    const { engine, open } = gatedEngine();
    const router = routeRequests(engine, { service: 's', maxQueueWaitMs: 60_000, queueLength: 1 });
    const both = [router.score(request(1)), router.score(request(2))];
    await expect(router.score(request(3))).rejects.toMatchObject({ code: 'ServiceOverloaded' });
    for (const data of [1, 2]) await open(data);
    await Promise.all(both);
  });

  it('forgets a caller who hangs up while waiting', async () => {
    const { engine, open } = gatedEngine();
    const router = routeRequests(engine, { service: 's', maxQueueWaitMs: 60_000 });
    const gone = new AbortController();
    const first = router.score(request(1));
    const second = router.score(request(2, gone.signal));
    gone.abort(new TypeError('gone'));
    await expect(second).rejects.toThrow('gone');
    expect(router.stats().waiting).toBe(0);
    await open(1);
    await first;
    const third = router.score(request(3));
    await open(3);
    await third;
  });

  it('hands the scoring timeout on, and a shorter one of the request', async () => {
    const seen: unknown[] = [];
    const engine = createStubEngine((_, { timeoutMs }) => seen.push(timeoutMs));
    const router = routeRequests(engine, { service: 's', scoringTimeoutMs: 5000 });
    await router.score(request(1));
    await router.score({ ...request(1), timeoutMs: 10 });
    await router.score({ ...request(1), timeoutMs: 90_000 });
    expect(seen).toEqual([5000, 10, 5000]);
  });

  it.each([
    ['EntryScriptFailed', 502, 'run() threw'],
    ['WorkerLost', 502, 'Replica closed connection before replying'],
    ['ScoringTimeout', 504, 'run() threw'],
    ['QueueFull', 503, 'Too many requests for service s (overloaded)'],
    ['EngineClosed', 503, 'No ready replicas for service s'],
    ['InputInvalid', 400, 'run() threw'],
  ] as const)('answers %s with %i', async (code, status, message) => {
    const engine = createStubEngine(() => {
      throw new EngineError(code, 'run() threw');
    });
    const failure: unknown = await routeRequests(engine, { service: 's' })
      .score(request(1))
      .catch((error: unknown) => error);
    expect(answerError(failure)).toMatchObject({ status, body: { message } });
  });

  it('does not change what is no failure of the project', async () => {
    const engine = createStubEngine(() => {
      throw new TypeError('a bug');
    });
    await expect(routeRequests(engine, { service: 's' }).score(request(1))).rejects.toThrow(TypeError);
  });
});
