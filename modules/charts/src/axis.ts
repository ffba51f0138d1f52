import { scaleLinear, scaleLog, scaleUtc } from 'd3-scale';

/** One axis of a chart. */
export interface AxisOptions {
  /** What it counts, with its unit, such as `latency, ms`. */
  readonly label: string;
  /** `time` takes milliseconds since 1970 and is written in UTC. Default `linear`. */
  readonly kind?: 'linear' | 'log' | 'time';
  /** The axis reaches at least from here to there; the data may widen it. A linear y axis begins at 0 unless data are below. */
  readonly min?: number;
  readonly max?: number;
  /** How a value is written; default as d3 writes ticks. */
  readonly format?: (value: number) => string;
}

/** An axis that knows its place. */
export interface Axis {
  readonly label: string;
  /** Where a value stands, in pixels; undefined for what the axis cannot show, such as 0 on a logarithmic one. */
  place(value: number): number | undefined;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
  /** A value as the axis writes it, for tooltips. */
  write(value: number): string;
}

/** Pixels between two ticks, at the least. */
const TICK_GAP = { x: 90, y: 44 } as const;

/**
 * An axis over the values given.
 *
 * @param range the pixels of its two ends
 * @param values what must be visible; what is not finite is left out, and nothing at all gives an axis from 0 to 1
 */
export function layAxis(
  options: AxisOptions & { readonly direction: 'x' | 'y' },
  range: readonly [number, number],
  values: Iterable<number>,
): Axis {
  const { label, kind = 'linear', direction } = options;
  const [low, high] = extentOf(options, values);
  const count = Math.max(2, Math.floor(Math.abs(range[1] - range[0]) / TICK_GAP[direction]));
  if (kind === 'time') {
    const scale = scaleUtc([new Date(low), new Date(high)], range);
    const write = options.format ?? ((value: number) => new Date(value).toISOString().replace('.000Z', 'Z'));
    const tickText = options.format ?? writeTime;
    const ticks = scale.ticks(count).map((tick) => ({ at: scale(tick), text: tickText(tick.getTime()) }));
    return { label, place: (value) => finite(scale(value)), ticks, write };
  }
  const scale = kind === 'log' ? scaleLog([low, high], range) : scaleLinear([low, high], range).nice(count);
  const format = options.format ?? scale.tickFormat(count);
  return {
    label,
    place: (value) => (kind === 'log' && value <= 0 ? undefined : finite(scale(value))),
    // a logarithmic scale gives more ticks than asked for, and formats those it would leave out as nothing
    ticks: scale.ticks(count).flatMap((tick) => {
      const text = format(tick);
      return text === '' ? [] : [{ at: scale(tick), text }];
    }),
    write: options.format ?? writeNumber,
  };
}

/** A tick of a time axis in UTC: the day at midnight, else the time of 24 hours, with seconds where it has some. */
function writeTime(value: number): string {
  const [day = '', time = ''] = new Date(value).toISOString().split('T');
  if (time.startsWith('00:00:00.000')) return day;
  if (value % 1000 !== 0) return time.slice(0, 12);
  return value % 60_000 === 0 ? time.slice(0, 5) : time.slice(0, 8);
}

/** The lowest and the highest value, widened by what was asked for, and never empty. */
function extentOf(
  { kind = 'linear', direction, min, max }: AxisOptions & { readonly direction: 'x' | 'y' },
  values: Iterable<number>,
): readonly [number, number] {
  let low = min ?? Infinity;
  let high = max ?? -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value) || (kind === 'log' && value <= 0)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (kind === 'linear' && direction === 'y' && min === undefined) low = Math.min(low, 0);
  if (low === Infinity) low = kind === 'log' ? Math.min(1, high > 0 ? high : 1) : Math.min(0, high);
  if (high === -Infinity) high = low;
  if (!Number.isFinite(low)) low = kind === 'log' ? 1 : 0;
  if (low < high) return [low, high];
  // one value alone is shown in the middle of something
  if (kind === 'log') return [low / 2, low * 2];
  const margin = kind === 'time' ? 60_000 : Math.abs(low) / 2 || 0.5;
  return kind === 'linear' && direction === 'y' && low >= 0 ? [0, low * 2 || 1] : [low - margin, low + margin];
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

/** A number with four digits that count, in full up to a million. */
export function writeNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6 || (size > 0 && size < 1e-4)) return value.toPrecision(4);
  return String(size >= 1000 ? Math.round(value) : Number(value.toPrecision(4)));
}
