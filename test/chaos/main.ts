import { parseArgs } from 'node:util';
import { acknowledgementPolicies } from '@edgewright/contract';
import type { AcknowledgementPolicy } from '@edgewright/contract';
import { EdgeLab } from '../support/edge-lab.ts';
import { affineOnnx } from '../support/tiny-models.ts';
import { killScorer } from './kill-scorer.ts';
import type { ChaosResult } from './kill-scorer.ts';

// Kills the scorer again and again while messages flow, and counts what is lost:
//   npm run chaos -- [--messages 5000] [--kills 50] [--policy after-output] [--seed 1] [--json]

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '5000' },
    kills: { type: 'string', default: '50' },
    policy: { type: 'string', multiple: true, default: [...acknowledgementPolicies] },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const report = (line: string): void => void process.stderr.write(`${line}\n`);
  const [messages, kills, seed] = [values.messages, values.kills, values.seed].map(Number) as [number, number, number];
  report(`seed ${seed}`);
  await using lab = await EdgeLab.open({ model: affineOnnx() });
  const results: ChaosResult[] = [];
  for (const policy of values.policy as AcknowledgementPolicy[]) {
    results.push(await killScorer(lab, { policy, messages, kills, random: randomOf(seed), report }));
    const { sent, scored, lost, duplicates, seconds } = results.at(-1) as ChaosResult;
    report(
      `${policy}: ${sent} sent, ${scored} scored, ${lost} lost, ${duplicates} twice, ${kills} kills, ${seconds} s`,
    );
  }
  const durable = results.filter(({ policy }) => policy !== 'on-receive');
  const isSound = durable.every((it) => it.lost === 0 && it.rejected === 0 && it.duplicatesWithOtherId === 0);
  if (values.json) process.stdout.write(`${JSON.stringify({ seed, ...total(durable), policies: results })}\n`);
  return isSound ? 0 : 1;
}

/** The sums over the policies that promise to lose nothing. */
function total(results: readonly ChaosResult[]) {
  const sum = (key: 'sent' | 'scored' | 'lost' | 'duplicates' | 'kills'): number =>
    results.reduce((all, result) => all + result[key], 0);
  return {
    sent: sum('sent'),
    scored: sum('scored'),
    lost: sum('lost'),
    duplicates: sum('duplicates'),
    kills: sum('kills'),
  };
}

/** The same numbers for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
