import { lineChart } from '@edgewright/charts';
import type { SoakResult } from './soak-scorer.ts';

/** Resident memory over the time of a soak, as an SVG that can be read on light and on dark pages. */
export function memoryPlot({ rssMb, minutes, messages, growth }: SoakResult): string {
  const share = Math.round(growth * 1000) / 10;
  return lineChart({
    title: `Resident memory over ${Math.round(minutes)} minutes and ${messages} messages; growth ${share} %`,
    x: { label: 'minutes' },
    y: { label: 'MB' },
    width: 720,
    series: [{ name: 'scorer', points: rssMb.map((mb, index) => [((index + 1) / rssMb.length) * minutes, mb]) }],
  });
}
