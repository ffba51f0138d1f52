import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  documentIssues,
  DriftEventSchema,
  parseJson,
  ScorerReportedSchema,
  twinLimits,
  twinSizeBytes,
} from '@edgewright/contract';
import type { DriftEvent, DriftSettingsInput, Model } from '@edgewright/contract';
import { DriftMonitor, readBaseline } from '@edgewright/drift';
import { createEngine, observeEngine } from '@edgewright/engine';
import { createLogger, createMetrics } from '@edgewright/telemetry';
import { serveScoring } from '@edgewright/web';
import { Workspace } from '@edgewright/workspace';
import { ridgeToOnnx } from '../../examples/diabetes/ridge-onnx.ts';
import { fitRidge } from '../../examples/diabetes/ridge.ts';
import { readDiabetesTable } from '../../examples/diabetes/table.ts';
import { startEdgeModule } from '../support/running-edge-module.ts';

const REQUEST_ROWS = 25;
const examples = fileURLToPath(new URL('../../examples/', import.meta.url));

let folder = '';
let workspace: Workspace;
let rows: { readonly digits: number[][]; readonly diabetes: number[][] };

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewright-drift-'));
  workspace = await Workspace.open(path.join(folder, 'workspace'));
  const { train } = await readDiabetesTable();
  await writeFile(path.join(folder, 'diabetes.onnx'), ridgeToOnnx(fitRidge(train, 0.4)));
  const digits = `${examples}digits/`;
  const table = `${examples}diabetes/data/diabetes.csv`;
  await workspace.models.register({
    name: 'digits',
    path: `${digits}models/digits.onnx`,
    baseline: { file: `${digits}data/digits.csv`, targets: ['64'] },
  });
  await workspace.models.register({
    name: 'diabetes',
    path: path.join(folder, 'diabetes.onnx'),
    baseline: { file: table, targets: ['target'] },
  });
  rows = { digits: await readRows(`${digits}data/digits.csv`), diabetes: await readRows(table) };
});

afterAll(async () => {
  await workspace[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** The features of a table; the last column is what was to be learned. */
async function readRows(file: string): Promise<number[][]> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  const cells = lines.map((line) => line.split(',').slice(0, -1).map(Number));
  return cells.filter((row) => !row.some(Number.isNaN));
}

/** Rows in an order that is always the same: those that follow one another in a file come from one writer. */
function stream(name: 'digits' | 'diabetes', count: number, step: number): number[][] {
  const table = rows[name];
  return Array.from({ length: count }, (_, place) => [...(table[(place * step) % table.length] ?? [])]);
}

async function watch(name: string, settings: DriftSettingsInput) {
  const model: Model = await workspace.models.show(name);
  const directory = await workspace.models.directoryOf(model);
  const logger = createLogger({ level: 'silent', name: 'test' });
  const metrics = createMetrics({ prefix: 'edgewright', process: false });
  const engine = await createEngine({
    models: [{ name, version: model.version, path: path.join(directory, model.mainFile ?? ''), format: 'onnx' }],
    modelDirectory: directory,
    backend: 'onnx',
  });
  onTestFinished(() => engine[Symbol.asyncDispose]());
  const monitor = new DriftMonitor({ baselineOf: () => readBaseline(directory), settings, metrics, logger });
  return { engine: observeEngine(engine, monitor), monitor, metrics, logger };
}

interface Found {
  readonly event: DriftEvent;
  /** Rows that had been sent when it came. */
  readonly row: number;
}

/** Sends rows to a REST endpoint, and says after how many of them drift was told. */
async function sendRows(
  name: 'digits' | 'diabetes',
  settings: DriftSettingsInput,
  { sent, shape }: { readonly sent: readonly number[][]; readonly shape: (row: number[]) => unknown },
) {
  const { monitor, ...host } = await watch(name, settings);
  const server = await serveScoring({ ...host, host: '127.0.0.1', port: 0 });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const found: Found[] = [];
  let row = 0;
  monitor.listen((event) => found.push({ event, row }));
  while (row < sent.length) {
    const data = sent.slice(row, row + REQUEST_ROWS).map(shape);
    row += data.length;
    const response = await fetch(`${server.url}/score`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ data }),
    });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
    await monitor.settled();
  }
  return { found, monitor, scraped: await (await fetch(`${server.url}/metrics`)).text() };
}

function lines8(row: number[]): number[][][] {
  return [Array.from({ length: 8 }, (_, line) => row.slice(line * 8, line * 8 + 8))];
}

describe('a service', () => {
  test('tells that digits drift within the window after they do, and not before', async () => {
    const driftAt = 1200;
    const windowRows = 500;
    const sent = stream('digits', 1800, 7919).map((row, place) =>
      // a camera that has moved by a pixel
      place < driftAt ? row : row.map((_, pixel) => (pixel % 8 === 0 ? 0 : (row[pixel - 1] ?? 0))),
    );
    const { found, monitor, scraped } = await sendRows('digits', { windowRows }, { sent, shape: lines8 });
    const [first] = found;
    expect(first?.event).toMatchObject({ event: 'driftBegan', model: { name: 'digits', version: '1' } });
    expect(documentIssues(DriftEventSchema, first?.event)).toEqual([]);
    expect(first?.row).toBeGreaterThan(driftAt);
    expect(first?.row).toBeLessThanOrEqual(driftAt + windowRows);
    expect(monitor.report()).toMatchObject({ state: 'drifting', model: 'digits:1', unread: 0 });
    expect(scraped).toMatch(/edgewright_drift_drifting_features\{model="digits",version="1"\} [1-9]/);
    expect(scraped).toMatch(/edgewright_drift_psi\{model="digits",version="1",side="input",feature="3"\} [0-9.]+/);
  });

  test('tells that a feature of diabetes drifts, which one, and when that is over', async () => {
    const sent = stream('diabetes', 2400, 101).map((row, place) => {
      // a scale that shows two kilograms too much for a while: bmi is the third feature
      if (place >= 800 && place < 1400) row[2] = (row[2] ?? 0) + 0.045;
      return row;
    });
    const settings = { windowRows: 300, ks: 0.25 };
    const { found, monitor } = await sendRows('diabetes', settings, { sent, shape: (row) => row });
    const began = found.find(({ event }) => event.event === 'driftBegan');
    expect(began?.event.findings[0]).toMatchObject({ side: 'input', feature: 'bmi' });
    expect(began?.row).toBeGreaterThan(800);
    expect(began?.row).toBeLessThanOrEqual(1100);
    const last = found.at(-1);
    expect(last?.event.event).toBe('driftEnded');
    expect(last?.row).toBeGreaterThan(1400);
    expect(last?.row).toBeLessThanOrEqual(1800);
    expect(monitor.report()).toMatchObject({ state: 'steady', drifting: 0, worst: null });
  });

  test('that is asked for what it cannot compare scores as before, and says how often that was', async () => {
    const { engine, monitor, metrics } = await watch('digits', {});
    const image = lines8(Array<number>(64).fill(1));
    await engine.score({ requestId: '1', data: { data: [image] } });
    await expect(engine.score({ requestId: '2', data: { data: 'x' } })).rejects.toMatchObject({ code: 'InputInvalid' });
    monitor.scored({ requestId: '3', at: 0, engine: engine.describe(), input: { data: 'text' }, output: { value: null }, timings: { queueMs: 0, runMs: 0, totalMs: 0 } }); // prettier-ignore
    await monitor.settled();
    expect(monitor.report()).toMatchObject({ state: 'collecting', rows: 1, unread: 1 });
    expect(await metrics.text()).toContain('edgewright_drift_unread_total{reason="unlike"} 1');
    monitor.configure({ enabled: false });
    await engine.score({ requestId: '4', data: { data: [image] } });
    await monitor.settled();
    expect(monitor.report()).toBeNull();
  });
});

describe('an edge module', () => {
  test('reports drift in its twin and sends a message, as its desired properties say', async () => {
    const { engine, monitor } = await watch('diabetes', { windowRows: 300 });
    const { hub, reported } = await startEdgeModule({
      engine,
      drift: monitor,
      prepare: (given) => {
        given.desired = { $version: 2, drift: { windowRows: 100, stepRows: 50, minimumRows: 100, output: 'amlDrift' } };
      },
    });
    const sent = stream('diabetes', 300, 101).map((row, place) => {
      if (place >= 100) row[2] = (row[2] ?? 0) + 0.08;
      return row;
    });
    for (let row = 0; row < sent.length; row += 50) {
      await hub.deliver('in', JSON.stringify({ data: sent.slice(row, row + 50) }));
    }
    await expect.poll(() => hub.outputs.some(({ outputName }) => outputName === 'amlDrift')).toBe(true);
    const event = hub.outputs.find(({ outputName }) => outputName === 'amlDrift');
    expect(event?.properties).toMatchObject({ event: 'driftBegan', model: 'diabetes', version: '1' });
    expect(documentIssues(DriftEventSchema, parseJson(event?.body ?? '', 'the event'))).toEqual([]);
    await expect.poll(() => reported()['drift']).toMatchObject({ state: 'drifting', model: 'diabetes:1', worst: { feature: 'bmi' } }); // prettier-ignore
    expect(documentIssues(ScorerReportedSchema, reported())).toEqual([]);
    expect(twinSizeBytes(reported())).toBeLessThan(twinLimits.desiredBytes / 4);
  });
});
