import type { Candidate } from './candidate.ts';
import { decide } from './decide.ts';
import type { Decision, Finalist } from './decide.ts';
import { compareFigures, effectiveBounds, medianFigures } from './figures.ts';
import type { Bounds, Figures, Objective } from './figures.ts';
import { orderCandidates } from './order-candidates.ts';
import { planRungs } from './plan-rungs.ts';
import type { SearchPlan } from './plan-rungs.ts';
import { seededRandom, shuffled } from './random.ts';

/** What became of one measurement. */
export type Outcome = { readonly figures: Figures } | { readonly failure: string };

/** Where the search is. */
export interface SearchStep {
  /** From 1. */
  readonly round: number;
  readonly rounds: number;
  readonly done: number;
  readonly of: number;
  readonly candidate: Candidate;
  readonly outcome: Outcome;
}

export interface SearchOptions {
  /** The default, which takes part in every round. */
  readonly reference: Candidate;
  /** What a first look at the default found: what a request and a start cost. */
  readonly first: { readonly figures: Figures; readonly overheadMs: number };
  /** All others. */
  readonly candidates: readonly Candidate[];
  /** Runs a candidate under load for so many milliseconds. A failure is one of its outcomes; a throw ends the search. */
  readonly measure: (candidate: Candidate, windowMs: number) => Promise<Outcome>;
  readonly bounds: Bounds;
  readonly objective: Objective;
  readonly budgetMs: number;
  readonly seed: number;
  /** Milliseconds of a clock. */
  readonly now: () => number;
  readonly onStep?: (step: SearchStep) => void;
}

/** What is known of a candidate in the end. */
export interface CandidateReport {
  readonly candidate: Candidate;
  /** Of its last round, the medians; absent when it failed or found no time. */
  readonly figures?: Figures;
  readonly failure?: string;
  /** The last round that it was in; 0 when it found no time. */
  readonly round: number;
}

export interface SearchResult extends Decision {
  /** The default first, then the best first. */
  readonly reports: readonly CandidateReport[];
  readonly plan: SearchPlan;
}

/** The share of the budget after which the rounds before the last end. */
const RUNGS_END = 0.65;
/** So often the finalists are measured even when the time is over: less says nothing about noise. */
const LEAST_TURNS = 2;

/**
 * Finds the best way to run a model by successive halving: all candidates under short load, the better third under longer, and so on; then
 * the last few and the default in turns, several times each, so that what slows the machine down slows down all of them. The default is in
 * every round. What follows from chance follows from the seed.
 */
export async function search(options: SearchOptions): Promise<SearchResult> {
  const run = new Search(options);
  return await run.run();
}

class Search {
  readonly #options: SearchOptions;
  readonly #random: () => number;
  readonly #reports = new Map<Candidate, CandidateReport>();
  readonly #begun: number;

  constructor(options: SearchOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#begun = options.now();
  }

  async run(): Promise<SearchResult> {
    const { reference, first, candidates, budgetMs, bounds, objective } = this.#options;
    const ordered = orderCandidates(candidates, this.#random);
    const plan = planRungs({
      candidates: ordered.length + 1,
      budgetMs: Math.max(0, budgetMs - this.#elapsed()),
      overheadMs: first.overheadMs,
      requestMs: 1000 / first.figures.throughput,
    });
    let field: Candidate[] = [reference, ...ordered.slice(0, plan.candidates - 1)];
    for (const candidate of ordered) this.#reports.set(candidate, { candidate, round: 0 });
    for (const [at, rung] of plan.rungs.entries()) {
      const next = plan.rungs[at + 1]?.candidates ?? plan.finalists + 1;
      field = await this.#halve(field, {
        windowMs: rung.windowMs,
        keep: next,
        round: at + 1,
        rounds: plan.rungs.length + 1,
      });
    }
    const finalists = await this.#final(field, plan);
    const own = finalists.find(({ candidate }) => candidate === reference);
    const others = finalists.filter(({ candidate }) => candidate !== reference);
    const decision = decide(own, others, { bounds, objective });
    return { ...decision, plan, reports: this.#ranked(decision) };
  }

  /** One round: each candidate once, in an order of its own, so that no candidate is always measured on a warm machine. */
  async #halve(
    field: readonly Candidate[],
    round: { readonly windowMs: number; readonly keep: number; readonly round: number; readonly rounds: number },
  ): Promise<Candidate[]> {
    const { reference, objective } = this.#options;
    const measured: { candidate: Candidate; figures: Figures }[] = [];
    // the default first: what others may cost follows from it
    const order = [
      reference,
      ...shuffled(
        field.filter((one) => one !== reference),
        this.#random,
      ),
    ];
    for (const [done, candidate] of order.entries()) {
      if (done > 0 && this.#isOutOfTime()) break;
      const place = { round: round.round, rounds: round.rounds, done, of: order.length };
      const outcome = await this.#measure(candidate, round.windowMs, place);
      if ('figures' in outcome) measured.push({ candidate, figures: outcome.figures });
    }
    const own = measured.find(({ candidate }) => candidate === reference)?.figures;
    const bounds = effectiveBounds(this.#options.bounds, own);
    const better = measured
      .filter(({ candidate }) => candidate !== reference)
      .sort((one, other) => compareFigures(one.figures, other.figures, { bounds, objective }))
      .slice(0, Math.max(1, round.keep - 1));
    return [reference, ...better.map(({ candidate }) => candidate)];
  }

  /** The last round: in turns, with another one first in each. */
  async #final(field: readonly Candidate[], plan: SearchPlan): Promise<Finalist[]> {
    const rounds = plan.rungs.length + 1;
    const measured = new Map(field.map((candidate) => [candidate, [] as Figures[]]));
    for (let turn = 0; turn < plan.repeats; turn += 1) {
      if (turn >= LEAST_TURNS && this.#elapsed() > this.#options.budgetMs) break;
      for (let at = 0; at < field.length; at += 1) {
        const candidate = field[(at + turn) % field.length] as Candidate;
        const place = { round: rounds, rounds, done: turn * field.length + at, of: plan.repeats * field.length };
        const own = measured.get(candidate);
        // whoever failed once is out
        if (own === undefined) continue;
        const outcome = await this.#measure(candidate, plan.finalWindowMs, place);
        if ('figures' in outcome) own.push(outcome.figures);
        else measured.delete(candidate);
      }
    }
    const finalists = [...measured].map(([candidate, figures]) => ({ candidate, measured: figures }));
    for (const { candidate, measured: all } of finalists) {
      this.#reports.set(candidate, { candidate, round: rounds, figures: medianFigures(all) });
    }
    return finalists;
  }

  async #measure(
    candidate: Candidate,
    windowMs: number,
    place: Pick<SearchStep, 'round' | 'rounds' | 'done' | 'of'>,
  ): Promise<Outcome> {
    const outcome = await this.#options.measure(candidate, windowMs);
    const { round } = place;
    this.#reports.set(
      candidate,
      'figures' in outcome
        ? { candidate, round, figures: outcome.figures }
        : { candidate, round, failure: outcome.failure },
    );
    this.#options.onStep?.({ ...place, candidate, outcome });
    return outcome;
  }

  #elapsed(): number {
    return this.#options.now() - this.#begun;
  }

  /** The last round must have its time, even when starting takes longer than it did at first. */
  #isOutOfTime(): boolean {
    return this.#elapsed() > this.#options.budgetMs * RUNGS_END;
  }

  #ranked({ best, bounds }: Decision): CandidateReport[] {
    const { reference, objective } = this.#options;
    const rank = (report: CandidateReport): number =>
      report.candidate === reference ? 0 : report.candidate === best ? 1 : report.figures !== undefined ? 2 : 3;
    return [...this.#reports.values()].sort(
      (one, other) =>
        rank(one) - rank(other) ||
        other.round - one.round ||
        (one.figures !== undefined && other.figures !== undefined
          ? compareFigures(one.figures, other.figures, { bounds, objective })
          : 0),
    );
  }
}
