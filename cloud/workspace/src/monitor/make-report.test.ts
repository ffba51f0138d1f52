import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { collectionPath, tableRowOf } from '@edgewright/contract';
import type { CollectedRow, CollectionPlace } from '@edgewright/contract';
import { Workspace } from '../workspace.ts';
import { parseExposition, risesOf } from './metrics-series.ts';
import type { MetricsSnapshot } from './metrics-series.ts';

const START = Date.parse('2026-11-29T06:00:00Z');
const DRIFT_AT = 1500;

let folder = '';
let workspace: Workspace;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewright-report-'));
  workspace = await Workspace.open(path.join(folder, 'workspace'));
  const training = Array.from({ length: 1000 }, (_, row) => `${row % 100},${(row * 7) % 50}`);
  await writeFile(path.join(folder, 'train.csv'), `age,bmi\n${training.join('\n')}\n`);
  await writeFile(path.join(folder, 'm.bin'), 'a model');
  await workspace.models.register({
    name: 'm',
    path: path.join(folder, 'm.bin'),
    baseline: { file: path.join(folder, 'train.csv') },
  });
  // what went in as CSV, what came out as JSON Lines; of another model too
  await collect('inputs', 'csv', {
    model: 'm',
    values: (row) => ({ age: row % 100, bmi: ((row * 7) % 50) + (row >= DRIFT_AT ? 20 : 0) }),
  });
  await collect('predictions', 'jsonl', { model: 'm', values: (row) => ({ y: row % 3 }) });
  await collect('inputs', 'jsonl', { model: 'other', values: () => ({ age: 1 }) });
});

afterAll(async () => {
  await workspace[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function collect(
  designation: CollectionPlace['designation'],
  format: 'csv' | 'jsonl',
  { model, values }: { readonly model: string; readonly values: (row: number) => CollectedRow['values'] },
): Promise<void> {
  const owner = { subscription: 'local', resourceGroup: 'g', workspace: 'w', service: 's' };
  const file = path.join(
    folder,
    'collected',
    collectionPath({ ...owner, model, version: '1', designation, day: '2026-11-29', format }),
  );
  const rows = Array.from({ length: 2500 }, (_, row): CollectedRow => ({
    requestId: `r${Math.floor(row / 2)}`,
    time: new Date(START + row * 10_000).toISOString(),
    model,
    version: '1',
    host: 'web',
    row: row % 2,
    sampledBy: 'all',
    values: values(row),
  }));
  const cells = rows.map(tableRowOf);
  const lines = format === 'jsonl' ? rows.map((row) => JSON.stringify(row)) : [Object.keys(cells[0] ?? {}).join(','), ...cells.map((row) => Object.values(row).join(','))]; // prettier-ignore
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${lines.join('\n')}\n`);
}

test('a report of collected data shows traffic, and which feature drifted and when', async () => {
  const output = path.join(folder, 'report.html');
  const report = await workspace.monitor.report({ output, model: 'm', data: [path.join(folder, 'collected')] });
  expect(report).toEqual({ file: output, requests: 1250, rows: 2500, drifted: ['input bmi'] });
  const page = await readFile(output, 'utf8');
  expect(page).toContain('<h1>m:1 in production</h1>');
  expect(page).toContain('PSI of inputs over time');
  expect(page).not.toMatch(/<script|src=|href=/);
  const [, time = ''] = /([\dT:.-]+Z): (?:"|&quot;)bmi(?:"|&quot;) began to drift/.exec(page) ?? [];
  const row = (Date.parse(time) - START) / 10_000;
  expect(row).toBeGreaterThanOrEqual(DRIFT_AT);
  expect(row).toBeLessThanOrEqual(DRIFT_AT + 500);
});

test('a report may be of a time, and without a model of all', async () => {
  const output = path.join(folder, 'all.html');
  const data = [path.join(folder, 'collected')];
  const report = await workspace.monitor.report({ output, data, until: '2026-11-29T07:00:00Z' });
  expect(report).toMatchObject({ rows: 720, drifted: [] });
  expect(await readFile(output, 'utf8')).toContain('of m:1, other:1');
  await expect(workspace.monitor.report({ output, data, since: '2027-01-01' })).rejects.toMatchObject({
    code: 'ReportEmpty',
  });
  await expect(workspace.monitor.report({ output })).rejects.toMatchObject({ code: 'ReportEmpty' });
  await expect(workspace.monitor.report({ output, data: [`${folder}/none`] })).rejects.toMatchObject({
    code: 'PlaceUnusable',
  });
});

test('a report of metrics shows rates between moments, failures, and the drift that was measured', async () => {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 50;
    response.end(exposition(requests));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  const output = path.join(folder, 'metrics.html');
  await workspace.monitor.report({ output, metrics: [address], forMs: 60, everyMs: 20 });
  const page = await readFile(output, 'utf8');
  expect(page).toContain('Requests a second');
  expect(page).toContain('Drift as http://127.0.0.1');
  expect(page).toContain('0.310');
  expect(page).toMatch(/failed requests<\/dt><dd class="bad">2</);
  const file = path.join(folder, 'none.prom');
  await writeFile(file, 'up 1\n');
  await expect(workspace.monitor.report({ output, metrics: [file] })).rejects.toThrow(
    'it has no metrics of edgewright',
  );
});

test('samples are read with their labels, and a counter that begins anew counts from zero', () => {
  expect(parseExposition('# HELP x\nedgewright_a{b="c\\"d\\\\",e="f"} 1.5\nother 2\nedgewright_n NaN\n')).toEqual([
    { name: 'a', labels: { b: 'c"d\\', e: 'f' }, value: 1.5 },
  ]);
  const snapshots = [10, 30, 5].map((value, place): MetricsSnapshot => ({ at: place * 10_000, source: 's', samples: [{ name: 'a', labels: {}, value }] })); // prettier-ignore
  expect(risesOf(snapshots, ({ samples }) => samples[0]?.value ?? 0).map(({ perSecond }) => perSecond)).toEqual([
    2, 0.5,
  ]);
});

function exposition(requests: number): string {
  return [
    `edgewright_scoring_requests_total{host="web",outcome="ok"} ${requests}`,
    'edgewright_scoring_requests_total{host="web",outcome="InputInvalid"} 2',
    'edgewright_scoring_duration_seconds{quantile="0.5",host="web"} 0.001',
    'edgewright_scoring_duration_seconds{quantile="0.99",host="web"} 0.004',
    'edgewright_drift_psi{model="m",version="1",side="input",feature="bmi"} 0.31',
    'edgewright_drift_drifting_features{model="m",version="1"} 1',
    'edgewright_drift_window_rows{model="m",version="1"} 500',
    '',
  ].join('\n');
}
