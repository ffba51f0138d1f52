import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { EdgeLab } from '../support/edge-lab.ts';
import { affineOnnx } from '../support/tiny-models.ts';
import { disturb } from './disturb.ts';
import type { ChaosResult } from './disturb.ts';
import { canMount, disturbances } from './disturbances.ts';
import { fuzzScorer } from './fuzz-scorer.ts';
import { hostileScript } from './hostile-script.ts';
import { memoryPlot } from './memory-plot.ts';
import { randomOf } from './random-of.ts';
import { soakScorer } from './soak-scorer.ts';

// Makes things go wrong while messages flow, and counts what is lost:
//   npm run chaos -- [--scenario kill]… [--messages 5000] [--kills 50] [--policy after-output]… [--seed 1] [--json]
// --soak-minutes 120 makes the soak a long one, --soak-rate 50 lets the machine do something else, --soak-plot FILE.svg draws the memory.

const names = [...disturbances.map(({ name }) => name), 'hostile', 'fuzz', 'soak'];
const { values } = parseArgs({
  options: {
    scenario: { type: 'string', multiple: true, default: names },
    messages: { type: 'string', default: '5000' },
    kills: { type: 'string', default: '50' },
    policy: { type: 'string', multiple: true },
    fuzzed: { type: 'string', default: '10000' },
    'soak-minutes': { type: 'string', default: '2' },
    'soak-rate': { type: 'string' },
    'soak-plot': { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'boolean', default: false },
  },
});

const report = (line: string): void => void process.stderr.write(`${line}\n`);
process.exitCode = await main();

async function main(): Promise<number> {
  const unknown = values.scenario.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    report(`no scenario "${unknown.join('", "')}"; there are ${names.join(', ')}`);
    return 2;
  }
  const seed = Number(values.seed);
  report(`seed ${seed}`);
  const results = await disturbAll(seed);
  const has = (name: string): boolean => values.scenario.includes(name);
  const hostile = has('hostile') ? await hostileScript({ rounds: 2, report }) : undefined;
  const fuzz = has('fuzz') ? await fuzzScorer(Number(values.fuzzed), { random: randomOf(seed), report }) : undefined;
  const soak = has('soak') ? await soakScorer(soakOptions()) : undefined;
  const plot = values['soak-plot'];
  if (soak !== undefined && plot !== undefined) await writeFile(plot, memoryPlot(soak));
  const durable = results.filter(({ policy }) => policy !== 'on-receive');
  const isSound =
    durable.every((it) => it.lost === 0 && it.rejected === 0 && it.duplicatesWithOtherId === 0) &&
    [hostile, fuzz, soak].every((it) => it === undefined || it.isSound);
  if (values.json) {
    const parts = { results, hostile, fuzz, soak };
    process.stdout.write(`${JSON.stringify({ seed, isSound, ...total(durable), ...parts })}\n`);
  }
  return isSound ? 0 : 1;
}

function soakOptions() {
  const rate = values['soak-rate'];
  return { minutes: Number(values['soak-minutes']), rate: rate === undefined ? undefined : Number(rate), report };
}

async function disturbAll(seed: number): Promise<ChaosResult[]> {
  const chosen = disturbances.filter(({ name }) => values.scenario.includes(name));
  const results: ChaosResult[] = [];
  if (chosen.length === 0) return results;
  await using lab = await EdgeLab.open({ model: affineOnnx() });
  for (const disturbance of chosen) {
    if (disturbance.name === 'disk' && !(await canMount())) {
      report('disk: skipped, only root may mount a small disk');
      continue;
    }
    const messages = Number(values.messages);
    const times = disturbance.name === 'kill' ? Number(values.kills) : disturbance.times;
    for (const policy of disturbance.policies) {
      if (values.policy !== undefined && !values.policy.includes(policy)) continue;
      const result = await disturb(lab, { disturbance, policy, messages, times, random: randomOf(seed), report });
      results.push(result);
      const { scenario, sent, scored, lost, duplicates, strikes, seconds } = result;
      report(
        `${scenario}, ${policy}: ${sent} sent, ${scored} scored, ${lost} lost, ${duplicates} twice, ${strikes} strikes, ${seconds} s`,
      );
    }
  }
  return results;
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
