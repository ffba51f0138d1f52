import { line } from 'd3-shape';
import { drawChart, layFrame, strokeOf } from './frame.ts';
import type { ChartOptions, Frame } from './frame.ts';
import { coordinate, escapeMarkup } from './markup.ts';

export interface LineSeries {
  readonly name: string;
  /** By ascending x; a y that is null or not finite leaves a gap. */
  readonly points: readonly (readonly [x: number, y: number | null])[];
}

export interface LineChartOptions extends ChartOptions {
  readonly series: readonly LineSeries[];
}

/** Series with more points than this have no dots: they would hide the line. */
const MAX_DOTS = 60;

/**
 * Lines over a common x axis, as SVG. Of a series with many more points than the chart has pixels, the lowest and the
 * highest of each pixel column are kept, so that no peak is lost and no file is large.
 */
export function lineChart(options: LineChartOptions): string {
  const { series } = options;
  const names = series.map(({ name }) => name);
  const frame = layFrame(options, { x: valuesOf(series, 0), y: valuesOf(series, 1) }, names);
  const body = series.flatMap(({ name, points }, index) => drawSeries(frame, { name, points, index }));
  return drawChart(options, frame, { names, body });
}

function drawSeries(frame: Frame, { name, points, index }: LineSeries & { readonly index: number }): string[] {
  const { x, y } = frame;
  const placed = thin(
    points.map(([at, value]) => ({ at, value, px: x.place(at), py: value === null ? undefined : y.place(value) })),
    2 * (frame.right - frame.left),
  );
  const path = line<Placed>()
    .defined(({ px, py }) => px !== undefined && py !== undefined)
    .x(({ px = 0 }) => coordinate(px))
    .y(({ py = 0 }) => coordinate(py))(placed);
  if (path === null || path === '') return [];
  const { colour, dash } = strokeOf(index);
  const stroke = `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.75" stroke-linejoin="round"${dash}><title>${escapeMarkup(name)}</title></path>`;
  if (placed.length > MAX_DOTS) return [stroke];
  return [
    stroke,
    ...placed.flatMap(({ at, value, px, py }) => {
      if (px === undefined || py === undefined || value === null) return [];
      const note = `${name}: ${y.write(value)} at ${x.write(at)}`;
      return `<circle cx="${coordinate(px)}" cy="${coordinate(py)}" r="2.5" fill="${colour}"><title>${escapeMarkup(note)}</title></circle>`;
    }),
  ];
}

interface Placed {
  readonly at: number;
  readonly value: number | null;
  readonly px: number | undefined;
  readonly py: number | undefined;
}

/** At most about four points a pixel column: the first, the lowest, the highest and a gap if there is one. */
function thin(points: readonly Placed[], most: number): readonly Placed[] {
  if (points.length <= most) return points;
  const kept: Placed[] = [];
  let column: Placed[] = [];
  const flush = (): void => {
    const seen = column.filter(({ py }) => py !== undefined);
    const lowest = seen.reduce<Placed | undefined>(
      (a, b) => (a?.py !== undefined && a.py <= (b.py ?? 0) ? a : b),
      undefined,
    );
    const highest = seen.reduce<Placed | undefined>(
      (a, b) => (a?.py !== undefined && a.py >= (b.py ?? 0) ? a : b),
      undefined,
    );
    const gap = column.find(({ py }) => py === undefined);
    const wanted = new Set([column[0], lowest, highest, gap]);
    kept.push(...column.filter((point) => wanted.has(point)));
    column = [];
  };
  for (const point of points) {
    const last = column.at(-1);
    if (last !== undefined && Math.floor(last.px ?? -1) !== Math.floor(point.px ?? -1)) flush();
    column.push(point);
  }
  flush();
  return kept;
}

function* valuesOf(series: readonly LineSeries[], index: 0 | 1): Generator<number> {
  for (const { points } of series) {
    for (const point of points) yield point[index] ?? NaN;
  }
}
