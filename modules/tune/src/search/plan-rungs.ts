/** One round of successive halving: how many candidates take part, and how long each is under load. */
export interface Rung {
  readonly candidates: number;
  readonly windowMs: number;
}

/** How a budget of time is spent. */
export interface SearchPlan {
  /** Of all candidates, how many are looked at; the rest finds no time. */
  readonly candidates: number;
  readonly rungs: readonly Rung[];
  /** How many go into the last round beside the default. */
  readonly finalists: number;
  /** How often each of them is measured there, in turns. */
  readonly repeats: number;
  readonly finalWindowMs: number;
}

export interface PlanInput {
  readonly candidates: number;
  readonly budgetMs: number;
  /** What a measurement takes beside its time under load: starting a process, loading the model, warming up. */
  readonly overheadMs: number;
  /** What one request takes under load: a window must hold enough of them. */
  readonly requestMs: number;
}

/** Of the candidates of a round one in so many goes on. */
const ETA = 3;
/** Each round is under load for so many times as long as the one before. */
const GROWTH = 2;
const FINALISTS = 2;
const FINAL_SHARE = 0.45;
const MOST_REPEATS = 5;
const LEAST_REPEATS = 3;
const LEAST_WINDOW_MS = 150;
const MOST_WINDOW_MS = 2_000;
const MOST_FINAL_WINDOW_MS = 3_000;
/** Requests in the shortest window: fewer say nothing. */
const LEAST_REQUESTS = 20;

/**
 * Divides a budget: somewhat less than half goes into the last round, the rest into rounds of fewer and fewer candidates under longer and
 * longer load. When even the shortest useful windows are too much, fewer candidates are looked at.
 */
export function planRungs({ candidates, budgetMs, overheadMs, requestMs }: PlanInput): SearchPlan {
  const leastMs = Math.max(LEAST_WINDOW_MS, LEAST_REQUESTS * requestMs);
  const forRungs = budgetMs * (1 - FINAL_SHARE);
  let count = candidates;
  while (count > 1 && costOf(rungsOf(count, leastMs), overheadMs) > forRungs) count -= 1;
  // what is left over makes the windows longer
  const least = rungsOf(count, leastMs);
  const spare = Math.max(0, forRungs - costOf(least, overheadMs));
  const load = least.reduce((sum, rung) => sum + rung.candidates * rung.windowMs, 0);
  const stretched = leastMs * (1 + spare / Math.max(1, load));
  const rungs = rungsOf(count, Math.max(leastMs, Math.min(stretched, MOST_WINDOW_MS)));
  return { candidates: count, rungs, ...planFinal(Math.min(FINALISTS, count - 1), { budgetMs, overheadMs, leastMs }) };
}

function planFinal(
  finalists: number,
  {
    budgetMs,
    overheadMs,
    leastMs,
  }: { readonly budgetMs: number; readonly overheadMs: number; readonly leastMs: number },
): Pick<SearchPlan, 'finalists' | 'repeats' | 'finalWindowMs'> {
  const forFinal = budgetMs * FINAL_SHARE;
  for (let repeats = MOST_REPEATS; repeats > LEAST_REPEATS; repeats -= 1) {
    const windowMs = forFinal / ((finalists + 1) * repeats) - overheadMs;
    if (windowMs >= 2 * leastMs)
      return { finalists, repeats, finalWindowMs: Math.min(windowMs, Math.max(MOST_FINAL_WINDOW_MS, 2 * leastMs)) };
  }
  const windowMs = forFinal / ((finalists + 1) * LEAST_REPEATS) - overheadMs;
  return {
    finalists,
    repeats: LEAST_REPEATS,
    finalWindowMs: Math.max(leastMs, Math.min(windowMs, MOST_FINAL_WINDOW_MS)),
  };
}

/** The rounds before the last; none when all candidates go into that one. */
function rungsOf(candidates: number, windowMs: number): Rung[] {
  const rungs: Rung[] = [];
  for (
    let count = candidates, window = windowMs;
    count > FINALISTS + 1;
    count = Math.ceil(count / ETA), window *= GROWTH
  ) {
    rungs.push({ candidates: count, windowMs: window });
  }
  return rungs;
}

function costOf(rungs: readonly Rung[], overheadMs: number): number {
  return rungs.reduce((sum, { candidates, windowMs }) => sum + candidates * (overheadMs + windowMs), 0);
}
