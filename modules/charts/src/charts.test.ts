import { describe, expect, it } from 'vitest';
import { barChart, escapeMarkup, htmlPage, lineChart, scatterChart } from './index.ts';

/** Every number that an attribute of that name has, in the order of the drawing. */
const numbersOf = (svg: string, pattern: RegExp): number[] =>
  [...svg.matchAll(pattern)].map(([, value]) => Number(value));

describe('a line chart', () => {
  const options = { title: 'latency', x: { label: 'time', kind: 'time' as const }, y: { label: 'ms' } };

  it('places points by time and value, and says what they are', () => {
    const from = Date.UTC(2026, 0, 1);
    const svg = lineChart({
      ...options,
      series: [{ name: 'p50', points: [0, 1, 2].map((n) => [from + n * 60_000, 10 * n] as const) }],
    });
    expect(numbersOf(svg, /cx="([\d.]+)"/g)).toEqual([62, 282, 502]);
    const [first, second, third] = numbersOf(svg, /cy="([\d.]+)"/g) as [number, number, number];
    expect(first).toBe(216);
    expect(first - second).toBeCloseTo(second - third, 1);
    expect(svg).toContain('<title>p50: 20 at 2026-01-01T00:02:00Z</title>');
  });

  it('leaves gaps where there is no value, and on logarithmic axes at zero', () => {
    const points = [
      [0, 1],
      [1, null],
      [2, NaN],
      [3, 0],
      [4, 100],
      [5, 10],
    ] as const;
    const svg = lineChart({
      title: 't',
      x: { label: 'x' },
      y: { label: 'y', kind: 'log' },
      series: [{ name: 's', points }],
    });
    expect(svg.match(/<circle/g)).toHaveLength(3);
    expect(svg.match(/ d="([^"]*)"/)?.[1]?.match(/M/g)).toHaveLength(2);
    expect(svg).not.toContain('NaN');
  });

  it('keeps the peak of a series of 100,000 points in a small file', () => {
    const points = Array.from({ length: 100_000 }, (_, n) => [n, n === 54_321 ? 1000 : n % 7] as const);
    const svg = lineChart({ title: 't', x: { label: 'x' }, y: { label: 'y' }, series: [{ name: 's', points }] });
    expect(svg.length).toBeLessThan(60_000);
    const path = / d="([^"]*)"/.exec(svg)?.[1] ?? '';
    const heights = [...path.matchAll(/,([\d.]+)/g)].map(([, y]) => Number(y));
    expect(heights.filter((y) => y === 34)).toHaveLength(1);
  });

  it.each([
    ['nothing', []],
    ['only gaps', [{ name: 's', points: [[0, null]] as const }]],
  ])('says so when there is %s', (_, series) => {
    const svg = lineChart({ ...options, series });
    expect(svg).toContain('no data');
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('shows marks, and reaches to them', () => {
    const svg = lineChart({
      title: 't',
      x: { label: 'x' },
      y: { label: 'y' },
      horizontalMarks: [{ value: 200, label: 'limit' }],
      verticalMarks: [{ value: 5, label: 'alarm' }],
      series: [
        {
          name: 's',
          points: [
            [0, 1],
            [10, 2],
          ],
        },
      ],
    });
    const [across] = numbersOf(svg, /class="mark" x1="62" x2="502" y1="([\d.]+)"/g);
    expect(across).toBe(34);
    expect(numbersOf(svg, /class="mark" x1="([\d.]+)" x2="\1"/g)).toEqual([282]);
  });

  it('lists more series than fit in a row in several', () => {
    const series = Array.from({ length: 12 }, (_, n) => ({
      name: `series number ${n}`,
      points: [
        [0, n],
        [1, n],
      ] as const,
    }));
    const svg = lineChart({ ...options, series });
    expect(new Set(numbersOf(svg, /<text x="[\d.]+" y="(\d+)">series/g)).size).toBeGreaterThan(1);
    expect(
      new Set([...svg.matchAll(/<path [^>]*stroke="(#\w+)"[^>]*?(stroke-dasharray="[^"]*")?>/g)].map(String)).size,
    ).toBe(12);
  });
});

describe('a bar chart', () => {
  it('draws bars from zero, downwards too', () => {
    const svg = barChart({
      title: 't',
      xLabel: 'feature',
      y: { label: 'PSI' },
      seriesNames: ['one', 'two'],
      groups: [
        { label: 'bmi', values: [1, -1] },
        { label: 'age', values: [null, 0.5] },
      ],
    });
    const heights = numbersOf(svg, /<rect[^>]*height="([\d.]+)"/g);
    expect(heights).toHaveLength(3);
    expect(heights[0]).toBeCloseTo(heights[1] ?? 0, 1);
    expect((heights[2] ?? 0) * 2).toBeCloseTo(heights[0] ?? 0, 1);
    expect(svg).toContain('<title>age: two: 0.5</title>');
  });

  it('cuts names that do not fit, and names each in full in a tooltip', () => {
    const groups = Array.from({ length: 64 }, (_, n) => ({ label: `a long name ${n}`, values: [n] }));
    const svg = barChart({ title: 't', xLabel: 'x', y: { label: 'y' }, seriesNames: ['s'], groups });
    expect(svg).toContain('<title>a long name 63: s: 63</title>');
    expect(svg.match(/…/g)?.length).toBeGreaterThan(10);
  });
});

describe('a scatter chart', () => {
  const point = (x: number, y: number, more = {}) => ({ x, y, name: `${x}/${y}`, ...more });

  it('joins the frontier by steps, in the order of x', () => {
    const svg = scatterChart({
      title: 't',
      x: { label: 'p99, ms' },
      y: { label: 'rate' },
      points: [point(10, 10, { isOnFrontier: true }), point(0, 5, { isOnFrontier: true }), point(9, 1)],
    });
    expect(svg).toMatch(/<path d="M62,[\d.]+H502V[\d.]+"/);
    expect(svg.match(/<circle/g)).toHaveLength(3);
  });

  it('draws sizes as areas, the small ones on top', () => {
    const svg = scatterChart({
      title: 't',
      x: { label: 'x' },
      y: { label: 'y' },
      points: [point(1, 1, { size: 100 }), point(2, 2, { size: 400, group: 'b' }), point(3, 3, { size: 0 })],
    });
    expect(numbersOf(svg, / r="([\d.]+)"/g)).toEqual([14, 7, 3.5]);
  });
});

describe('what people wrote', () => {
  const hostile = `<script>alert("x")</script>&'\u0000`;

  it('never becomes markup', () => {
    const chart = scatterChart({
      title: hostile,
      description: hostile,
      x: { label: hostile },
      y: { label: hostile },
      points: [{ x: 1, y: 1, name: hostile, label: hostile, group: hostile }],
    });
    const page = htmlPage({
      title: hostile,
      lead: hostile,
      facts: [{ label: hostile, value: hostile }],
      sections: [{ heading: hostile, text: [hostile], charts: [chart], table: { head: [hostile], rows: [[hostile]] } }],
      foot: hostile,
    });
    expect(page).not.toContain('<script');
    expect(page).not.toContain('\u0000');
    expect(page.match(/&lt;script&gt;/g)?.length).toBeGreaterThan(8);
  });

  it('is escaped so that quotes stay in attributes', () => {
    expect(escapeMarkup(`"a'<b>&`)).toBe('&quot;a&#39;&lt;b&gt;&amp;');
  });
});

it('a page sets columns of numbers right, and needs nothing from elsewhere', () => {
  const page = htmlPage({
    title: 'report',
    sections: [{ heading: 'h', table: { head: ['feature', 'PSI'], rows: [['bmi', 0.25]] } }],
  });
  expect(page).toContain('<td>bmi</td><td class="number">0.25</td>');
  expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg)|<script|@import|url\(/);
});
