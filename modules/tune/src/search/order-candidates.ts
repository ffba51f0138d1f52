import type { EngineSettings } from '@edgewright/contract';
import type { Candidate } from './candidate.ts';
import { shuffled } from './random.ts';

/**
 * Candidates in an order in which those at the front differ from each other as much as they can: where there is no time for all, every value
 * of every setting has been looked at nevertheless. Among equals the source decides.
 */
export function orderCandidates(candidates: readonly Candidate[], random: () => number): Candidate[] {
  const waiting = shuffled(candidates, random);
  const seen = new Map<string, number>();
  const order: Candidate[] = [];
  while (waiting.length > 0) {
    let best = 0;
    let bestNews = Number.NEGATIVE_INFINITY;
    for (const [at, candidate] of waiting.entries()) {
      const news = valuesOf(candidate).reduce((sum, value) => sum + 1 / (1 + (seen.get(value) ?? 0)), 0);
      if (news > bestNews) [best, bestNews] = [at, news];
    }
    const [taken] = waiting.splice(best, 1);
    if (taken === undefined) break;
    for (const value of valuesOf(taken)) seen.set(value, (seen.get(value) ?? 0) + 1);
    order.push(taken);
  }
  return order;
}

function valuesOf({ variant, settings }: Candidate): string[] {
  const names: readonly (keyof EngineSettings)[] = [
    'backend',
    'executionProviders',
    'execution',
    'workers',
    'threads',
    'batching',
  ];
  return [`variant=${variant}`, ...names.map((name) => `${name}=${JSON.stringify(settings[name]) ?? ''}`)];
}
