import type { DurationMetric, Metrics } from '@edgewright/telemetry';

/** Where the time of a message goes. */
export type MessageStage = 'wait' | 'decode' | 'score' | 'encode' | 'send';

const LATENCY_WINDOW = 1_000;
/** Inputs beyond this many share one label: names come from routes, and a label value is memory for ever. */
const MAX_INPUT_LABELS = 50;

/** What is counted about messages: totals since the start, for the twin and for Prometheus. */
export class EdgeCounters {
  readonly #totals = { received: 0, scored: 0, rejected: 0, duplicates: 0, released: 0, retried: 0, connections: 0 };
  readonly #latencies = new Float64Array(LATENCY_WINDOW);
  #latencyCount = 0;
  readonly #inputs = new Set<string>();
  readonly #messages;
  readonly #rejected;
  readonly #stages: DurationMetric<'stage'>;

  constructor(metrics: Metrics) {
    this.#messages = metrics.counter({
      name: 'edge_messages_total',
      help: 'Messages by input and by what became of them: received, scored, rejected, duplicate, released, retried',
      labels: ['input', 'outcome'],
    });
    this.#rejected = metrics.counter({
      name: 'edge_rejected_total',
      help: 'Messages that went to the error output, by error code',
      labels: ['code'],
    });
    this.#stages = metrics.duration({
      name: 'edge_stage_duration_seconds',
      help: 'Time of a message by stage: wait, decode, score, encode, send',
      labels: ['stage'],
    });
    metrics.sampledGauge(
      { name: 'edge_connections', help: 'Sessions with edgeHub since the start' },
      () => this.#totals.connections,
    );
  }

  received(inputName: string): void {
    this.#count('received', inputName, 'received');
  }

  /** @param milliseconds from taking the message to its confirmed output */
  scored(inputName: string, milliseconds: number): void {
    this.#count('scored', inputName, 'scored');
    this.#latencies[this.#latencyCount % LATENCY_WINDOW] = milliseconds;
    this.#latencyCount += 1;
  }

  rejected(inputName: string, code: string): void {
    this.#count('rejected', inputName, 'rejected');
    this.#rejected.add({ code });
  }

  /** A message that came again was recognised. */
  duplicate(inputName: string): void {
    this.#count('duplicates', inputName, 'duplicate');
  }

  /** A message was let go without acknowledgement: it will come again. */
  released(inputName: string): void {
    this.#count('released', inputName, 'released');
  }

  /** A message is tried once more after a failure of the machine. */
  retried(inputName: string): void {
    this.#count('retried', inputName, 'retried');
  }

  connected(): void {
    this.#totals.connections += 1;
  }

  stage(stage: MessageStage, milliseconds: number): void {
    this.#stages.observe({ stage }, milliseconds);
  }

  totals(): Record<string, number> {
    return { ...this.#totals };
  }

  /** Of the last thousand scored messages, in milliseconds; null before the first. */
  latency(): { p50: number; p99: number; max: number; messages: number } | null {
    const messages = Math.min(this.#latencyCount, LATENCY_WINDOW);
    if (messages === 0) return null;
    const sorted = this.#latencies.slice(0, messages).sort();
    const at = (quantile: number): number => {
      const value = sorted[Math.min(messages - 1, Math.floor(quantile * messages))] ?? 0;
      return Math.round(value * 1000) / 1000;
    };
    return { p50: at(0.5), p99: at(0.99), max: at(1), messages };
  }

  #count(
    total: 'received' | 'scored' | 'rejected' | 'duplicates' | 'released' | 'retried',
    inputName: string,
    outcome: string,
  ): void {
    this.#totals[total] += 1;
    this.#messages.add({ input: this.#labelOf(inputName), outcome });
  }

  #labelOf(inputName: string): string {
    if (this.#inputs.has(inputName)) return inputName;
    if (this.#inputs.size >= MAX_INPUT_LABELS) return 'other';
    this.#inputs.add(inputName);
    return inputName;
  }
}
