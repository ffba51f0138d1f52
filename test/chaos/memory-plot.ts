import type { SoakResult } from './soak-scorer.ts';

const WIDTH = 720;
const HEIGHT = 280;
const LEFT = 60;
const BOTTOM = 40;
const TOP = 30;
const RIGHT = 20;
const LINES = 4;

/** Resident memory over the time of a soak, as an SVG that can be read on light and on dark pages. */
export function memoryPlot({ rssMb, minutes, messages, growth }: SoakResult): string {
  const top = Math.max(1, Math.ceil((Math.max(...rssMb) * 1.1) / 50) * 50);
  const x = (share: number): number => round(LEFT + share * (WIDTH - LEFT - RIGHT));
  const y = (mb: number): number => round(HEIGHT - BOTTOM - (mb / top) * (HEIGHT - BOTTOM - TOP));
  const points = rssMb.map((mb, index) => `${x((index + 1) / rssMb.length)},${y(mb)}`).join(' ');
  const steps = Array.from({ length: LINES + 1 }, (_, n) => n / LINES);
  const grid = steps.map((step) => {
    const at = y(step * top);
    const line = `<line x1="${LEFT}" y1="${at}" x2="${WIDTH - RIGHT}" y2="${at}" stroke="#8888" stroke-width="0.5"/>`;
    return `${line}<text x="${LEFT - 6}" y="${at + 4}" text-anchor="end">${Math.round(step * top)}</text>`;
  });
  const times = steps.map(
    (step) => `<text x="${x(step)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${round(step * minutes)}</text>`,
  );
  const title = `Resident memory of the scorer in MB over ${round(minutes)} minutes and ${messages} messages; growth ${round(growth * 100)} %`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11" fill="#888">`,
    `<title>${title}</title>`,
    `<text x="${LEFT}" y="18" font-size="12">${title}</text>`,
    ...grid,
    ...times,
    `<text x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">minutes</text>`,
    `<polyline points="${points}" fill="none" stroke="#2a7ae2" stroke-width="1.5"/>`,
    '</svg>',
    '',
  ].join('\n');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
