import { describe, expect, it } from 'vitest';
import { createMetrics } from './create-metrics.ts';
import { createScoringMetrics } from './scoring-metrics.ts';

/** The values of an exposition, as IoT Edge's metrics collector reads them: digits, `e E + - .` and `NaN`. */
function unreadable(text: string): string[] {
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return samples.filter((line) => !/^[a-zA-Z_:][\w:]*(\{.*\})? (NaN|[\d+\-.eE]+)$/.test(line));
}

describe('metrics', () => {
  it('carry prefix and common labels', async () => {
    const metrics = createMetrics({
      prefix: 'edgewright',
      labels: { iothub: 'h', edge_device: 'd', module_name: 'm', instance_number: 'i' },
      process: false,
    });
    metrics.counter({ name: 'things_total', help: 'Things', labels: ['kind'] }).add({ kind: 'a' }, 3);
    metrics.gauge({ name: 'level', help: 'Level' }).set({}, 1.5);
    metrics.sampledGauge({ name: 'asked', help: 'Asked' }, () => 7);
    const text = await metrics.text();
    const labels = 'iothub="h",edge_device="d",module_name="m",instance_number="i"';
    expect(text).toContain(`edgewright_things_total{kind="a",${labels}} 3`);
    expect(text).toContain(`edgewright_level{${labels}} 1.5`);
    expect(text).toContain(`edgewright_asked{${labels}} 7`);
    expect(metrics.contentType).toContain('version=0.0.4');
  });

  it('write nothing that the metrics collector of IoT Edge cannot read, before and after the first sample', async () => {
    const metrics = createMetrics({ prefix: 'edgewright' });
    const scoring = createScoringMetrics(metrics);
    scoring.watchEngine(() => ({ waiting: 0, running: 0, workersReplaced: 0 }));
    expect(unreadable(await metrics.text())).toEqual([]);
    scoring.record({ host: 'edge', outcome: 'ok', timings: { queueMs: 0, runMs: 1, totalMs: 2 } });
    const text = await metrics.text();
    expect(unreadable(text)).toEqual([]);
    expect(text).not.toContain('Inf');
    expect(text).toContain('edgewright_process_resident_memory_bytes');
  });

  it('give durations in seconds, as quantiles with sum and count', async () => {
    const metrics = createMetrics({ prefix: 'p', process: false });
    const duration = metrics.duration({ name: 'run_seconds', help: 'Runs', labels: ['host'] });
    for (let i = 1; i <= 100; i += 1) duration.observe({ host: 'edge' }, i);
    const text = await metrics.text();
    expect(text).toContain('p_run_seconds_count{host="edge"} 100');
    expect(text).toMatch(/p_run_seconds_sum\{host="edge"\} 5\.0\d*/);
    const median = Number(/p_run_seconds\{quantile="0.5",host="edge"\} ([\d.]+)/.exec(text)?.[1]);
    expect(median).toBeGreaterThan(0.045);
    expect(median).toBeLessThan(0.055);
  });

  it('refuse values and names that do not fit', () => {
    const metrics = createMetrics({ prefix: 'p', process: false });
    const gauge = metrics.gauge({ name: 'level', help: 'Level' });
    expect(() => gauge.set({}, Infinity)).toThrow('cannot record Infinity in the metric "level"');
    expect(() => metrics.gauge({ name: 'a-b', help: '' })).toThrow('"p_a-b" is no name for a metric or label');
    expect(() => createMetrics({ prefix: 'p', labels: { '1x': '' } })).toThrow('"1x" is no name');
  });
});
