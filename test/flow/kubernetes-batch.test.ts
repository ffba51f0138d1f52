import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { layOutApp } from '@edgewright/packager';
import { Workspace } from '@edgewright/workspace';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../support/engine-fixture.ts';
import { KubeApiServer } from '../support/kube-api-server.ts';
import { affineOnnx } from '../support/tiny-models.ts';

const SCRIPT = `export async function run(rows) { return rows.map(({ n }) => Number(n) * 2); }`;

/** The Job, as far as a kubelet reads it. */
interface JobSpec {
  readonly completions: number;
  readonly template: { spec: { containers: [{ args: string[]; env: { name: string; value: string }[] }] } };
}

it('runs a batch job on a cluster: each pod does its share, and each item has one result', async () => {
  const cluster = await KubeApiServer.start();
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const root = await temporaryFolder();
  const shared = path.join(root, 'shared');
  await mkdir(shared);
  const files = { kubeconfig: path.join(root, 'kubeconfig'), model: path.join(root, 'model.onnx') };
  await writeFile(files.kubeconfig, cluster.kubeconfig);
  await writeFile(files.model, affineOnnx());
  await writeFile(path.join(root, 'score.mjs'), SCRIPT);
  await writeFile(path.join(shared, 'in.csv'), `n\n${Array.from({ length: 90 }, (_, n) => n).join('\n')}\n`);
  await using workspace = await Workspace.open(path.join(root, 'workspace'));
  const { batches, computeTargets, models } = workspace;
  const model = await models.register({ name: 'affine', path: files.model });
  await computeTargets.attach({ name: 'prod', kubeconfig: files.kubeconfig });
  const config = {
    name: 'nightly',
    models: ['affine'],
    inputs: [path.join(shared, 'in.csv')],
    output: path.join(shared, 'out'),
    miniBatchSize: '20',
    nodeCount: 2,
    processCountPerNode: 1,
    computeTarget: 'prod',
    kubernetes: { place: path.join(shared, 'jobs'), volumeClaim: { name: 'shared', mountPath: shared } },
  };
  const image = 'registry.example/nightly:1';
  await expect(batches.submit({ config })).rejects.toThrow('no registry to push an image to');
  const { kubernetes: _, ...withoutPlace } = config;
  await expect(batches.submit({ config: withoutPlace, image })).rejects.toMatchObject({ code: 'BatchIncomplete' });
  await expect(batches.submit({ config: { ...config, output: '/elsewhere' }, image })).rejects.toThrow('"output" is /elsewhere, which the pods'); // prettier-ignore
  expect((await batches.plan({ config, image })).yaml).toContain('completionMode: Indexed');
  expect(await batches.submit({ config, image })).toMatchObject({ state: 'NotStarted', computeType: 'aks' });

  const spec = cluster.find('Job', 'nightly')?.['spec'] as JobSpec;
  const app = await layOutApp({
    models: [{ model, directory: await models.directoryOf(model) }],
    config: { entryScript: 'score.mjs' },
    configDirectory: root,
    directory: path.join(root, 'app'),
  });
  const [container] = spec.template.spec.containers;
  const environment = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
  // what a kubelet does with each pod
  const codes = await Promise.all(
    Array.from({ length: spec.completions }, async (_unused, index) => {
      const words = ['--disable-warning=ExperimentalWarning', path.join(app.directory, 'scorer/main.mjs')];
      const child = spawn(process.execPath, [...words, ...container.args], {
        env: { ...environment, PATH: process.env['PATH'] ?? '', AML_APP_ROOT: app.directory, JOB_COMPLETION_INDEX: String(index) }, // prettier-ignore
        stdio: 'ignore',
      });
      return await new Promise((resolve) => child.once('exit', resolve));
    }),
  );
  expect(codes).toEqual([0, 0]);

  expect(await batches.show('nightly')).toMatchObject({ state: 'Completed', items: 90, succeededItems: 90 });
  const [results] = await batches.results('nightly');
  const lines = (await readFile(results?.place ?? '', 'utf8')).trim().split('\n');
  const values = lines.map((line) => (JSON.parse(line) as { result: number }).result);
  expect(values.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 90 }, (_unused, n) => n * 2));
  expect((await batches.logs('nightly')).length).toBeGreaterThan(0);
  await batches.delete('nightly');
  expect(cluster.objects.size).toBe(0);
  expect(await batches.list()).toEqual([]);
});
