import { beforeAll, describe, expect, it } from 'vitest';
import { EdgeLab } from '../support/edge-lab.ts';
import { affineOnnx } from '../support/tiny-models.ts';
import { disturb } from '../chaos/disturb.ts';
import { disturbances } from '../chaos/disturbances.ts';
import { fuzzScorer } from '../chaos/fuzz-scorer.ts';
import { hostileScript } from '../chaos/hostile-script.ts';
import { memoryPlot } from '../chaos/memory-plot.ts';
import { randomOf } from '../chaos/random-of.ts';
import { soakScorer } from '../chaos/soak-scorer.ts';

// quick variants; `npm run chaos` has the long ones
const quiet = (): void => {};

describe('while things go wrong', () => {
  let lab: EdgeLab;
  beforeAll(async () => {
    lab = await EdgeLab.open({ model: affineOnnx() });
    return () => lab[Symbol.asyncDispose]();
  });

  it.each(disturbances.filter(({ name }) => ['restart', 'cut'].includes(name)))(
    '$name loses nothing',
    async (disturbance) => {
      const options = { disturbance, policy: 'after-output', messages: 40, times: 2, report: quiet } as const;
      expect(await disturb(lab, { ...options, random: randomOf(1) })).toMatchObject({
        scored: 40,
        lost: 0,
        rejected: 0,
        duplicatesWithOtherId: 0,
      });
    },
  );
});

it('a hostile entry script takes nothing down but its own messages', async () => {
  const deeds = ['throw', 'exit', 'reject'] as const;
  const result = await hostileScript({ rounds: 1, deeds, report: quiet });
  expect(result).toEqual({ sent: 6, scored: 3, rejected: 3, survived: true, isSound: true });
});

it('no message and no twin takes the scorer down', async () => {
  expect(await fuzzScorer(300, { random: randomOf(7), report: quiet })).toMatchObject({
    survived: true,
    acknowledged: 300,
  });
});

it('keeps its memory flat, as far as half a minute can tell', async () => {
  const { rssMb, messages } = await soakScorer({ minutes: 0.5, report: quiet });
  expect(messages).toBeGreaterThan(0);
  const [early, late] = [rssMb.slice(30, 60), rssMb.slice(-30)].map((part) => Math.min(...part)) as [number, number];
  // the first quarter is that of a heap that finds its size; garbage comes and goes; what is kept for each message only grows
  expect(late - early).toBeLessThan(64);
});

it('draws a line through all samples, inside the picture', () => {
  const svg = memoryPlot({ minutes: 120, messages: 10_000, rssMb: [80, 120, 119, 121], growth: 0.012, isSound: true });
  const path = / d="([^"]+)"/.exec(svg)?.[1] ?? '';
  const points = [...path.matchAll(/([\d.]+),([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
  expect(points).toHaveLength(4);
  expect(points.at(-1)?.[0]).toBe(702);
  expect(points.every(([, y = 0]) => y > 34 && y < 216)).toBe(true);
  expect(svg).toContain('120 minutes and 10000 messages; growth 1.2 %');
});
