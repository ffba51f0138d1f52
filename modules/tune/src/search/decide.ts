import type { Candidate } from './candidate.ts';
import { compareFigures, effectiveBounds, medianFigures, spreadOf, violationOf, worthOf } from './figures.ts';
import type { Bounds, Figures, Objective } from './figures.ts';

/** A candidate with its measurements of the last round, all made in turns with the others'. */
export interface Finalist {
  readonly candidate: Candidate;
  readonly measured: readonly Figures[];
}

/** Which candidate is taken, and why. */
export interface Decision {
  /** Undefined when none keeps to the bounds. */
  readonly best: Candidate | undefined;
  /** A sentence. */
  readonly reason: string;
  /** What the best is worth, as a multiple of the default; absent where one of the two is. */
  readonly gain?: number;
  /** By how much a gain must exceed 1 to be more than noise. */
  readonly noise: number;
  /** The bounds that were applied. */
  readonly bounds: Bounds;
}

export interface DecideOptions {
  readonly bounds: Bounds;
  readonly objective: Objective;
}

/** Less than this is never believed, whatever repeats say. */
const LEAST_NOISE = 0.03;
/** By chance alone five measurements of one thing win so many of the 25 pairs with five others in less than one case of a hundred. */
const LEAST_WON = 24 / 25;

/**
 * Takes the best finalist that keeps to the bounds and is better than the default by more than the noise of both: by the medians, and in
 * nearly all pairs of measurements. Else the default.
 *
 * @param reference the default; undefined when it could not be measured
 */
export function decide(
  reference: Finalist | undefined,
  finalists: readonly Finalist[],
  { bounds: given, objective }: DecideOptions,
): Decision {
  const base = reference === undefined ? undefined : medianFigures(reference.measured);
  const bounds = effectiveBounds(given, base);
  const ranked = finalists
    .map((finalist) => ({ ...finalist, figures: medianFigures(finalist.measured) }))
    .filter(({ figures }) => violationOf(figures, bounds) === 0)
    .sort((one, other) => compareFigures(one.figures, other.figures, { bounds, objective }));
  const [first] = ranked;
  if (reference === undefined || base === undefined || violationOf(base, bounds) > 0) {
    const fault = base === undefined ? 'could not be measured' : 'does not keep to the bounds';
    if (first === undefined)
      return {
        best: undefined,
        reason: `nothing keeps to the bounds, and the default ${fault}`,
        noise: LEAST_NOISE,
        bounds,
      };
    return {
      best: first.candidate,
      reason: `it is the best that keeps to the bounds; the default ${fault}`,
      ...(base === undefined ? {} : { gain: worthOf(first.figures, objective) / worthOf(base, objective) }),
      noise: LEAST_NOISE,
      bounds,
    };
  }
  const own = worths(reference, objective);
  for (const finalist of ranked) {
    const others = worths(finalist, objective);
    const noise = Math.max(LEAST_NOISE, spreadOf(own), spreadOf(others));
    const gain = worthOf(finalist.figures, objective) / worthOf(base, objective);
    if (gain > 1 + noise && shareWon(others, own) >= LEAST_WON) {
      const reason = `its ${objective} is ${gain.toFixed(2)} times as good as the default's, and noise is ${percent(noise)}`;
      return { best: finalist.candidate, reason, gain, noise, bounds };
    }
  }
  const noise = Math.max(LEAST_NOISE, spreadOf(own));
  return {
    best: reference.candidate,
    reason: `nothing that keeps to the bounds is better than the default by more than noise (${percent(noise)})`,
    gain: 1,
    noise,
    bounds,
  };
}

/** Of all pairs of a measurement of the one and of the other, the share in which the one is better (Mann and Whitney's test). */
function shareWon(one: readonly number[], other: readonly number[]): number {
  const won = one.reduce((sum, worth) => sum + other.filter((against) => worth > against).length, 0);
  return won / (one.length * other.length);
}

function worths({ measured }: Finalist, objective: Objective): number[] {
  return measured.map((figures) => worthOf(figures, objective));
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
