import { layAxis } from './axis.ts';
import type { Axis, AxisOptions } from './axis.ts';
import { coordinate, escapeMarkup, shorten } from './markup.ts';

/** A value that deserves a line across the chart, such as a limit. */
export interface HorizontalMark {
  /** On the y axis. */
  readonly value: number;
  readonly label: string;
}

/** A moment that deserves a line from top to bottom, such as an alarm. */
export interface VerticalMark {
  /** On the x axis. */
  readonly value: number;
  readonly label: string;
}

/** What all charts with two axes share. */
export interface ChartOptions {
  readonly title: string;
  /** What a reader who cannot see the chart should know; default the title. */
  readonly description?: string;
  readonly x: AxisOptions;
  readonly y: AxisOptions;
  readonly horizontalMarks?: readonly HorizontalMark[];
  readonly verticalMarks?: readonly VerticalMark[];
  /** In pixels; default 520 by 260. */
  readonly width?: number;
  readonly height?: number;
}

/** The place where a chart draws its data, with its axes around it. */
export interface Frame {
  readonly x: Axis;
  readonly y: Axis;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The colours of Okabe and Ito, which people with any kind of colour vision can tell apart, in an order of ours. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'] as const;

export const DEFAULT_WIDTH = 520;
export const DEFAULT_HEIGHT = 260;

/** About the width of a character of 11 px. */
export const CHARACTER_WIDTH = 6.2;

const MARGIN = { left: 62, right: 18, top: 34, bottom: 44, legend: 20 } as const;

const STYLE = [
  '.ew{font:11px system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;color:#16202a;--soft:#5a6876;--line:#dde3e8;--mark:#c81e1e;--paper:#fff}',
  '@media(prefers-color-scheme:dark){.ew{color:#e6edf3;--soft:#93a1af;--line:#2a343d;--mark:#f87171;--paper:#161c22}}',
  '.ew text{fill:var(--soft)}.ew .title{fill:currentColor;font-size:13px;font-weight:600}',
  '.ew .grid{stroke:var(--line);stroke-width:1}.ew .mark{stroke:var(--mark);stroke-dasharray:5 3}.ew .mark-text{fill:var(--mark);paint-order:stroke;stroke:var(--paper);stroke-width:3px}',
].join('');

/** The colour of the series of that index, and the pattern of its line once the colours are used up. */
export function strokeOf(index: number): { readonly colour: string; readonly dash: string } {
  const round = Math.floor(index / COLOURS.length);
  return {
    colour: COLOURS[index % COLOURS.length] ?? COLOURS[0],
    dash: round === 0 ? '' : ` stroke-dasharray="${2 + 4 * round} 3"`,
  };
}

/** Lays the axes of a chart around what must be visible. */
export function layFrame(
  options: ChartOptions,
  values: { readonly x: Iterable<number>; readonly y: Iterable<number> },
  names: readonly string[],
): Frame {
  const { width = DEFAULT_WIDTH, height = DEFAULT_HEIGHT, horizontalMarks = [], verticalMarks = [] } = options;
  const left = MARGIN.left;
  const right = width - MARGIN.right;
  const top = MARGIN.top + MARGIN.legend * legendRows(names, width).length;
  const bottom = height - MARGIN.bottom;
  const x = [...values.x, ...verticalMarks.map(({ value }) => value)];
  const y = [...values.y, ...horizontalMarks.map(({ value }) => value)];
  return {
    x: layAxis({ ...options.x, direction: 'x' }, [left, right], x),
    y: layAxis({ ...options.y, direction: 'y' }, [bottom, top], y),
    left,
    right,
    top,
    bottom,
  };
}

/** A whole chart as one SVG element: it may stand in a page or be a file of its own. */
export function drawChart(
  options: ChartOptions,
  frame: Frame,
  { names, body }: { readonly names: readonly string[]; readonly body: readonly string[] },
): string {
  const { title, description = title, width = DEFAULT_WIDTH, height = DEFAULT_HEIGHT } = options;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="ew" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeMarkup(title)}" style="max-width:100%;height:auto">`,
    `<desc>${escapeMarkup(description)}</desc><style>${STYLE}</style>`,
    `<text class="title" x="${MARGIN.left}" y="20">${escapeMarkup(shorten(title, Math.floor((width - MARGIN.left) / 7)))}</text>`,
    ...legend(names, width),
    ...drawAxes(frame),
    ...(body.length === 0
      ? [
          `<text x="${(frame.left + frame.right) / 2}" y="${(frame.top + frame.bottom) / 2}" text-anchor="middle">no data</text>`,
        ]
      : body),
    ...drawMarks(options, frame),
    '</svg>',
    '',
  ].join('\n');
}

function drawAxes({ x, y, left, right, top, bottom }: Frame): string[] {
  const middle = coordinate((top + bottom) / 2);
  return [
    ...y.ticks.map(({ at, text }) => {
      const line = `<line class="grid" x1="${left}" x2="${right}" y1="${coordinate(at)}" y2="${coordinate(at)}"/>`;
      return `${line}<text x="${left - 6}" y="${coordinate(at + 4)}" text-anchor="end">${escapeMarkup(text)}</text>`;
    }),
    ...x.ticks.map(({ at, text }) => {
      const line = `<line class="grid" x1="${coordinate(at)}" x2="${coordinate(at)}" y1="${bottom}" y2="${bottom + 4}"/>`;
      return `${line}<text x="${coordinate(at)}" y="${bottom + 17}" text-anchor="middle">${escapeMarkup(text)}</text>`;
    }),
    `<line class="grid" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>`,
    `<text x="${right}" y="${bottom + 34}" text-anchor="end">${escapeMarkup(x.label)}</text>`,
    `<text x="14" y="${middle}" text-anchor="middle" transform="rotate(-90 14 ${middle})">${escapeMarkup(y.label)}</text>`,
  ];
}

function drawMarks({ horizontalMarks = [], verticalMarks = [] }: ChartOptions, frame: Frame): string[] {
  const { x, y, left, right, top, bottom } = frame;
  const across = horizontalMarks.flatMap(({ value, label }) => {
    const at = y.place(value);
    if (at === undefined) return [];
    const line = `<line class="mark" x1="${left}" x2="${right}" y1="${coordinate(at)}" y2="${coordinate(at)}"/>`;
    return `${line}<text class="mark-text" x="${right - 4}" y="${coordinate(at - 4)}" text-anchor="end">${escapeMarkup(label)}</text>`;
  });
  const down = verticalMarks.flatMap(({ value, label }) => {
    const at = x.place(value);
    if (at === undefined) return [];
    const line = `<line class="mark" x1="${coordinate(at)}" x2="${coordinate(at)}" y1="${top}" y2="${bottom}"/>`;
    // the text stands on the side where there is room for it
    const isLate = at > (left + right) / 2;
    return `${line}<text class="mark-text" x="${coordinate(at + (isLate ? -4 : 4))}" y="${top + 10}" text-anchor="${isLate ? 'end' : 'start'}">${escapeMarkup(label)}</text>`;
  });
  return [...across, ...down];
}

/** Names of one series alone are not listed: the title says what it is. */
function legendRows(names: readonly string[], width: number): { readonly name: string; readonly index: number }[][] {
  if (names.length < 2) return [];
  const rows: { name: string; index: number }[][] = [];
  let used = Infinity;
  for (const [index, name] of names.entries()) {
    const taken = entryWidth(name);
    if (used + taken > width - MARGIN.right) {
      rows.push([]);
      used = MARGIN.left;
    }
    rows.at(-1)?.push({ name, index });
    used += taken;
  }
  return rows;
}

function legend(names: readonly string[], width: number): string[] {
  return legendRows(names, width).flatMap((row, rowIndex) => {
    let at: number = MARGIN.left;
    const y = MARGIN.top + 6 + rowIndex * MARGIN.legend;
    return row.map(({ name, index }) => {
      const { colour, dash } = strokeOf(index);
      const line = `<line x1="${at}" x2="${at + 16}" y1="${y - 4}" y2="${y - 4}" stroke="${colour}" stroke-width="3"${dash}/>`;
      const text = `<text x="${at + 21}" y="${y}">${escapeMarkup(shorten(name, MAX_NAME))}</text>`;
      at = coordinate(at + entryWidth(name));
      return line + text;
    });
  });
}

const MAX_NAME = 40;

function entryWidth(name: string): number {
  return 36 + Math.min(name.length, MAX_NAME) * CHARACTER_WIDTH;
}
