import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { BASELINE_FILE } from '@edgewright/contract';
import { need } from '../support/need.ts';
import { Prometheus } from '../support/prometheus.ts';
import { createAppRoot, ScorerProcess } from '../support/scorer-process.ts';
import { TestHub } from '../support/test-hub.ts';
import { affineOnnx } from '../support/tiny-models.ts';

const folder = new URL('../../deployment-manifests/dashboards/', import.meta.url);

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

interface Workbook {
  readonly items: readonly { readonly content: { readonly title?: string; readonly query?: string } }[];
}

async function read(file: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(file, folder), 'utf8')) as unknown;
}

/** What the first of the model's three inputs looked like when it was trained. */
const baseline = {
  schemaVersion: 1,
  source: { file: 'train.csv', sha256: '0'.repeat(64), rows: 200 },
  inputs: [
    {
      name: 'age',
      tensor: 'x',
      element: 0,
      kind: 'numeric',
      count: 200,
      missing: 0,
      minimum: 0,
      maximum: 10,
      mean: 5,
      deviation: 3,
      edges: [5, 10],
      counts: [100, 100],
    },
  ],
  outputs: [],
};

/** An edge module that scored messages and requests, well and badly, compares them with a baseline, and keeps them but for one. */
async function startScorer(): Promise<{ readonly url: string }> {
  const root = await createAppRoot(affineOnnx());
  onTestFinished(() => root[Symbol.asyncDispose]());
  const hub = await TestHub.start();
  onTestFinished(() => hub[Symbol.asyncDispose]());
  await writeFile(path.join(root.directory, 'azureml-models/model/1', BASELINE_FILE), JSON.stringify(baseline));
  const ca = path.join(root.directory, 'ca.pem');
  await writeFile(ca, hub.ca);
  const scorer = new ScorerProcess({
    AML_APP_ROOT: root.directory,
    EdgeHubConnectionString: hub.connectionString,
    EdgeModuleCACertificateFile: ca,
    EDGEWRIGHT_COLLECT_FOLDER: path.join(root.directory, 'collected'),
    // nobody listens there: what is told is lost, and counted
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:9/v1/traces',
  });
  onTestFinished(() => scorer[Symbol.asyncDispose]());
  await hub.deliver('in', '{"data":[[1,2,3]]}');
  await hub.deliver('in', 'not JSON');
  const url = await scorer.url();
  // enough rows to be compared, and too many to be kept
  const many = `{"data":[${Array.from({ length: 50_000 }, () => '[1,2,3]').join()}]}`;
  for (const body of ['{"data":[[1,2,3]]}', 'not JSON', many]) await fetch(`${url}/score`, { method: 'POST', body });
  return { url };
}

/** As Grafana would send it. */
function withValues(query: string): string {
  return query.replaceAll('$__rate_interval', '5m').replaceAll('$job', '.*').replaceAll('$instance', '.*');
}

it('dashboards ask for what scorers have', async (context) => {
  const { url } = await startScorer();
  const readMetrics = async (): Promise<string> => await (await fetch(`${url}/metrics`)).text();
  // requests are compared and kept after they were answered
  for (const series of ['edgewright_drift_psi{', 'edgewright_collection_dropped_total{']) {
    await expect.poll(readMetrics).toContain(series);
  }
  const text = await readMetrics();
  const { items } = (await read('azure-workbook.json')) as Workbook;
  const workbook = items.flatMap(({ content }) => content.query ?? []);
  expect(workbook.length).toBeGreaterThan(7);
  for (const query of workbook) {
    expect(query).toMatch(/^(requests|dependencies|exceptions|traces|customMetrics)\n/);
    const names = [...query.matchAll(/name == "(\w+)"/g)].map(([, name = '']) => name);
    for (const name of names) expect(text).toContain(`# TYPE ${name} `);
    expect(names).toHaveLength(query.startsWith('customMetrics') ? 1 : 0);
  }

  // Grafana's queries are Prometheus' to judge
  const { executable } = await need(context, 'prometheus');
  const prometheus = await Prometheus.start(executable, new URL(url).host);
  onTestFinished(() => prometheus[Symbol.asyncDispose]());
  const { panels, templating } = (await read('grafana-scorers.json')) as Dashboard;
  const queries = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));
  expect(queries.length).toBeGreaterThan(12);
  for (const { title, expr } of queries) {
    const found = async (): Promise<number> => (await prometheus.query(withValues(expr))).length;
    await expect.poll(found, { message: `${title}: ${expr}` }).toBeGreaterThan(0);
  }
  for (const { definition = '' } of templating.list.filter(({ name }) => name !== 'datasource')) {
    const [, series = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? [];
    const found = await prometheus.query(withValues(series));
    expect(found[0]?.metric[label], definition).toBeDefined();
  }
});
