import { drawChart, layFrame, strokeOf } from './frame.ts';
import type { ChartOptions, Frame } from './frame.ts';
import { coordinate, escapeMarkup } from './markup.ts';

export interface ScatterPoint {
  readonly x: number;
  readonly y: number;
  /** What it is, for the tooltip. */
  readonly name: string;
  /** Points of a group share a colour. Default: all are of one group. */
  readonly group?: string;
  /** Drawn as an area: four times the size has twice the radius. */
  readonly size?: number;
  /** Written beside the point; for the few that matter. */
  readonly label?: string;
  /** Points on the frontier are joined by steps, by ascending x. */
  readonly isOnFrontier?: boolean;
}

export interface ScatterChartOptions extends ChartOptions {
  readonly points: readonly ScatterPoint[];
  /** What the sizes are, such as `memory, MB`: it stands in the tooltips. */
  readonly sizeLabel?: string;
}

const RADIUS = { least: 3.5, most: 14, usual: 4.5 } as const;

/** Points over two axes, as SVG, with the frontier of the best among them where some are marked so. */
export function scatterChart(options: ScatterChartOptions): string {
  const { points } = options;
  const groups = [...new Set(points.map(({ group = '' }) => group))];
  const names = groups.length > 1 ? groups : [];
  const frame = layFrame(options, { x: points.map(({ x }) => x), y: points.map(({ y }) => y) }, names);
  const radius = radiusOf(points);
  // small ones last, so that no large one hides them
  const drawn = points
    .toSorted((a, b) => (b.size ?? 0) - (a.size ?? 0))
    .flatMap((point) =>
      drawPoint(point, { frame, radius, options, colour: strokeOf(groups.indexOf(point.group ?? '')).colour }),
    );
  return drawChart(options, frame, {
    names,
    body: drawn.length === 0 ? [] : [...drawFrontier(points, frame), ...drawn],
  });
}

interface PointLook {
  readonly frame: Frame;
  readonly radius: (point: ScatterPoint) => number;
  readonly options: ScatterChartOptions;
  readonly colour: string;
}

function drawPoint(point: ScatterPoint, { frame, radius, options, colour }: PointLook): string[] {
  const at = placeOf(point, frame);
  if (at === undefined) return [];
  const { name, size, label, isOnFrontier = false } = point;
  const r = coordinate(radius(point));
  const note = [
    name,
    `${options.x.label} ${frame.x.write(point.x)}`,
    `${options.y.label} ${frame.y.write(point.y)}`,
    ...(size === undefined ? [] : [`${options.sizeLabel ?? 'size'} ${Number(size.toPrecision(4))}`]),
  ].join('; ');
  const look = isOnFrontier ? 'fill-opacity="0.9" stroke="currentColor" stroke-width="1.5"' : 'fill-opacity="0.45"';
  const circle = `<circle cx="${at.x}" cy="${at.y}" r="${r}" fill="${colour}" ${look}><title>${escapeMarkup(note)}</title></circle>`;
  if (label === undefined) return [circle];
  const isLate = at.x > (frame.left + frame.right) / 2;
  const x = coordinate(at.x + (isLate ? -r - 4 : r + 4));
  const text = `<text x="${x}" y="${coordinate(at.y - r - 2)}" text-anchor="${isLate ? 'end' : 'start'}" style="fill:currentColor">${escapeMarkup(label)}</text>`;
  return [circle, text];
}

/** Steps, not slopes: between two measured points nothing is known to be reachable but what the worse of both reaches. */
function drawFrontier(points: readonly ScatterPoint[], frame: Frame): string[] {
  const best = points
    .filter(({ isOnFrontier }) => isOnFrontier === true)
    .toSorted((a, b) => a.x - b.x)
    .flatMap((point) => placeOf(point, frame) ?? []);
  if (best.length < 2) return [];
  const path = best.map(({ x, y }, index) => (index === 0 ? `M${x},${y}` : `H${x}V${y}`)).join('');
  return [
    `<path d="${path}" fill="none" stroke="currentColor" stroke-width="1" stroke-dasharray="3 3" opacity="0.6"/>`,
  ];
}

function placeOf(point: ScatterPoint, { x, y }: Frame): { readonly x: number; readonly y: number } | undefined {
  const px = x.place(point.x);
  const py = y.place(point.y);
  return px === undefined || py === undefined ? undefined : { x: coordinate(px), y: coordinate(py) };
}

function radiusOf(points: readonly ScatterPoint[]): (point: ScatterPoint) => number {
  const sizes = points.flatMap(({ size }) => (size === undefined || !(size > 0) || size === Infinity ? [] : [size]));
  const largest = Math.max(0, ...sizes);
  return ({ size }) => {
    if (size === undefined || largest === 0) return RADIUS.usual;
    return Math.max(RADIUS.least, RADIUS.most * Math.sqrt(Math.min(1, Math.max(0, size / largest))) || RADIUS.least);
  };
}
