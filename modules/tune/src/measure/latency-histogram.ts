/** Each bucket is wider than the one before by this share: what a quantile may be off by. */
const WIDTH = 0.01;
const LEAST_MS = 0.000_5;
const BUCKETS = 2_400;
const LOG_WIDTH = Math.log1p(WIDTH);

/** Durations from half a microsecond to hours, in constant memory: what is measured is memory too. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(milliseconds: number): void {
    const bucket = milliseconds <= LEAST_MS ? 0 : Math.ceil(Math.log(milliseconds / LEAST_MS) / LOG_WIDTH);
    const at = Math.min(BUCKETS - 1, bucket);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#total += 1;
  }

  /** The duration that so large a share did not exceed, in milliseconds, within one per cent; 0 when there are none. */
  quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(this.#total * share));
    let seen = 0;
    for (const [at, count] of this.#counts.entries()) {
      seen += count;
      // the middle of the bucket
      if (seen >= wanted) return LEAST_MS * Math.exp((at - 0.5) * LOG_WIDTH);
    }
    return 0;
  }
}
