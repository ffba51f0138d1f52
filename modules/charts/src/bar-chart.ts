import { scaleBand } from 'd3-scale';
import { writeNumber } from './axis.ts';
import { CHARACTER_WIDTH, drawChart, layFrame, strokeOf } from './frame.ts';
import type { ChartOptions, Frame } from './frame.ts';
import { coordinate, escapeMarkup, shorten } from './markup.ts';

/** Bars that stand together, one of each series. */
export interface BarGroup {
  readonly label: string;
  /** In the order of `seriesNames`; null leaves a bar out. */
  readonly values: readonly (number | null)[];
}

export interface BarChartOptions extends Omit<ChartOptions, 'x' | 'verticalMarks'> {
  /** What the groups are, such as `feature`. */
  readonly xLabel: string;
  readonly seriesNames: readonly string[];
  readonly groups: readonly BarGroup[];
}

/** Groups of bars from zero, as SVG. Labels that do not fit are cut, and stand whole in the tooltips. */
export function barChart({ xLabel, seriesNames, groups, ...options }: BarChartOptions): string {
  const chart: ChartOptions = { ...options, x: { label: xLabel, format: () => '' } };
  const values = groups.flatMap((group) => group.values.map((value) => value ?? NaN));
  const frame = layFrame(chart, { x: [0, 1], y: values }, seriesNames);
  const bands = scaleBand(
    groups.map((_, index) => String(index)),
    [frame.left, frame.right],
  ).padding(0.2);
  const room = Math.max(1, Math.floor(bands.step() / CHARACTER_WIDTH));
  // with very many groups only every so many-th is named
  const every = Math.max(1, Math.ceil(3 / room));
  const labels = groups.flatMap(({ label }, index) => {
    if (index % every !== 0) return [];
    const at = coordinate((bands(String(index)) ?? 0) + bands.bandwidth() / 2);
    return `<text x="${at}" y="${frame.bottom + 17}" text-anchor="middle">${escapeMarkup(shorten(label, room * every))}<title>${escapeMarkup(label)}</title></text>`;
  });
  const bars = groups.flatMap((group, index) =>
    drawGroup(group, { frame, seriesNames, left: bands(String(index)) ?? 0, width: bands.bandwidth() }),
  );
  const bare: Frame = { ...frame, x: { ...frame.x, ticks: [] } };
  return drawChart(chart, bare, { names: seriesNames, body: bars.length === 0 ? [] : [...bars, ...labels] });
}

interface GroupPlace {
  readonly frame: Frame;
  readonly seriesNames: readonly string[];
  readonly left: number;
  readonly width: number;
}

function drawGroup({ label, values }: BarGroup, { frame, seriesNames, left, width }: GroupPlace): string[] {
  const zero = frame.y.place(0) ?? frame.bottom;
  const share = width / Math.max(1, seriesNames.length);
  return values.flatMap((value, index) => {
    const at = value === null ? undefined : frame.y.place(value);
    if (value === null || at === undefined) return [];
    const note = [label, seriesNames[index], writeNumber(value)].filter(Boolean).join(': ');
    const top = coordinate(Math.min(at, zero));
    return `<rect x="${coordinate(left + index * share)}" y="${top}" width="${coordinate(Math.max(0.5, share - 1))}" height="${coordinate(Math.abs(at - zero))}" fill="${strokeOf(index).colour}"><title>${escapeMarkup(note)}</title></rect>`;
  });
}
