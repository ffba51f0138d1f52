/** A sample of a Prometheus exposition. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a program said of itself at a time. */
export interface MetricsSnapshot {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The file or address. */
  readonly source: string;
  readonly samples: readonly MetricSample[];
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;
const PREFIX = 'edgewright_';

/** Reads the text format of Prometheus, 0.0.4; samples of others than edgewright are left out. */
export function parseExposition(text: string): MetricSample[] {
  return text.split('\n').flatMap((line) => {
    const [, name = '', labels = '', value = ''] = LINE.exec(line) ?? [];
    if (!name.startsWith(PREFIX)) return [];
    const number = value === '+Inf' ? Infinity : Number(value);
    if (Number.isNaN(number)) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, key = '', text_ = '']) => [key, unescaped(text_)]);
    return [
      { name: name.slice(PREFIX.length), labels: Object.fromEntries(pairs) as Record<string, string>, value: number },
    ];
  });
}

/** The sum of the samples of a name whose labels fit. */
export function sumOf(
  snapshot: MetricsSnapshot,
  name: string,
  fits: (labels: MetricSample['labels']) => boolean = () => true,
): number {
  return snapshot.samples
    .filter((sample) => sample.name === name && fits(sample.labels))
    .reduce((sum, { value }) => sum + value, 0);
}

/** By how much a counter rose from one snapshot to the next of the same source; begun anew it counts from zero. */
export function risesOf(
  snapshots: readonly MetricsSnapshot[],
  count: (snapshot: MetricsSnapshot) => number,
): { readonly at: number; readonly perSecond: number }[] {
  return snapshots.slice(1).flatMap((snapshot, place) => {
    const before = snapshots[place];
    if (before === undefined || snapshot.at <= before.at) return [];
    const [from, to] = [count(before), count(snapshot)];
    return [{ at: snapshot.at, perSecond: ((to >= from ? to - from : to) * 1000) / (snapshot.at - before.at) }];
  });
}

/** A quantile of a summary in milliseconds, of the host that has most. */
export function quantileMs(snapshot: MetricsSnapshot, name: string, quantile: string): number | undefined {
  const found = snapshot.samples.filter((sample) => sample.name === name && sample.labels['quantile'] === quantile);
  return found.length === 0 ? undefined : Math.max(...found.map(({ value }) => value)) * 1000;
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
