import path from 'node:path';
import { documentIssues, EngineSettingsSchema } from '@edgewright/contract';
import { engineOf, tune, tunePage } from '@edgewright/tune';
import type { SearchStep } from '@edgewright/tune';
import { describe, expect, it } from 'vitest';
import { ridgeToOnnx } from '../../examples/diabetes/ridge-onnx.ts';
import { fitRidge } from '../../examples/diabetes/ridge.ts';
import { readDiabetesTable } from '../../examples/diabetes/table.ts';
import { bundledMeasure } from '../support/bundled-measure.ts';
import { modelFile } from '../support/engine-fixture.ts';

describe('tuning', () => {
  it('finds a way to run the diabetes model that is as good as the default, and throws out a variant with other answers', async () => {
    const { train } = await readDiabetesTable();
    const model = await modelFile(ridgeToOnnx(fitRidge(train, 0.4)), 'diabetes');
    const other = await modelFile(ridgeToOnnx(fitRidge(train, 40)), 'other');
    const steps: SearchStep[] = [];
    const report = await tune({
      engine: { models: [model], modelDirectory: path.dirname(model.path), backend: 'onnx' },
      variants: [{ name: 'other', path: other.path }],
      load: { concurrency: 2 },
      program: await bundledMeasure(),
      budgetMs: 8_000,
      seed: 3,
      onStep: (step) => steps.push(step),
    });
    expect(report).toMatchObject({ model: 'diabetes:1', load: { concurrency: 2 }, seed: 3 });
    expect(report.best?.variant).toBe('reference');
    expect(report.gain).toBeGreaterThanOrEqual(1);
    expect(report.isDefault || (report.gain ?? 0) > 1 + report.noise).toBe(true);
    expect(documentIssues(EngineSettingsSchema, engineOf(report) ?? {})).toEqual([]);
    const [own] = report.candidates;
    expect(own).toMatchObject({ name: 'default', settings: {}, holds: true, ran: { backend: 'onnx' } });
    expect(own?.figures?.rssBytes).toBeGreaterThan(30 * 2 ** 20);
    expect(own?.figures?.requests).toBeGreaterThan(20);
    // wherever it was looked at, it was thrown out, with the error that it makes
    const others = report.candidates.filter(({ variant, round }) => variant === 'other' && round > 0);
    expect(others.length).toBeGreaterThan(0);
    expect(others.every(({ error = 0, failure = '' }) => error > 0.01 && failure.includes('differ'))).toBe(true);
    expect(steps.filter(({ candidate }) => candidate.name === 'default').length).toBeGreaterThanOrEqual(2);
    expect(tunePage(report)).toContain('<svg');
  });
});
