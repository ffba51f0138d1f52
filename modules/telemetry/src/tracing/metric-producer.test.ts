import { expect, it } from 'vitest';
import { createMetrics } from '../create-metrics.ts';
import { MetricsProducer } from './metric-producer.ts';

it('gives what was recorded a moment ago, and leaves out what is no number', async () => {
  const metrics = createMetrics({ prefix: 'test', process: false });
  let level = NaN;
  // prom-client's own gauges have no number before their first sample
  const families = async () => [
    ...(await metrics.families()),
    { name: 'test_level', help: 'a level', type: 'gauge', values: [{ value: level, labels: {} }] },
  ];
  metrics.counter({ name: 'things_total', help: 'things' }).add({});
  const namesAndValues = async () => {
    const { resourceMetrics } = await new MetricsProducer({ families }).collect();
    return resourceMetrics.scopeMetrics.flatMap((scope) =>
      scope.metrics.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints.map(({ value }) => value)]),
    );
  };
  expect(await namesAndValues()).toEqual([['test_things_total', [1]]]);
  level = 3;
  expect(await namesAndValues()).toEqual([
    ['test_things_total', [1]],
    ['test_level', [3]],
  ]);
});
