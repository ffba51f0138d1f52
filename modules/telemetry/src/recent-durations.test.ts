import { Registry } from 'prom-client';
import type { Metric } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { RecentDurations } from './recent-durations.ts';

const metric = { name: 'run_seconds', help: 'Runs', labelNames: ['host'] };

function textOf(durations: RecentDurations): Promise<string> {
  const registry = new Registry();
  registry.registerMetric(durations as unknown as Metric);
  return registry.metrics();
}

describe('RecentDurations', () => {
  it('gives quantiles, sum and count in the text format', async () => {
    const durations = new RecentDurations(metric);
    for (let i = 1; i <= 100; i += 1) durations.observe({ host: 'edge' }, i);
    expect(await textOf(durations)).toBe(
      [
        '# HELP run_seconds Runs',
        '# TYPE run_seconds summary',
        'run_seconds{quantile="0.1",host="edge"} 11',
        'run_seconds{quantile="0.5",host="edge"} 51',
        'run_seconds{quantile="0.9",host="edge"} 91',
        'run_seconds{quantile="0.99",host="edge"} 100',
        'run_seconds_sum{host="edge"} 5050',
        'run_seconds_count{host="edge"} 100',
        '',
      ].join('\n'),
    );
  });

  it('forgets what is old, but not its sum and count', async () => {
    let now = 0;
    const durations = new RecentDurations(metric, () => now);
    durations.observe({ host: 'edge' }, 100);
    now = 700_000;
    durations.observe({ host: 'edge' }, 1);
    const text = await textOf(durations);
    expect(text).toContain('run_seconds{quantile="0.99",host="edge"} 1\n');
    expect(text).toContain('run_seconds_sum{host="edge"} 101\nrun_seconds_count{host="edge"} 2');
  });

  it('keeps the last of many samples, and labels apart', async () => {
    const durations = new RecentDurations(metric);
    for (let i = 0; i < 5_000; i += 1) durations.observe({ host: 'edge' }, i < 3_000 ? 9 : 2);
    durations.observe({ host: 'web' }, 7);
    const text = await textOf(durations);
    expect(text).toContain('run_seconds{quantile="0.99",host="edge"} 2\n');
    expect(text).toContain('run_seconds{quantile="0.5",host="web"} 7\n');
  });
});
