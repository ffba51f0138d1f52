import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openPlace } from '@edgewright/batch';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../../../test/support/engine-fixture.ts';
import { KubeApiServer } from '../../../../test/support/kube-api-server.ts';
import type { KubeObject } from '../../../../test/support/kube-api-server.ts';
import { KubeCluster } from '../aks/kube-cluster.ts';
import type { BatchSpec } from './batch-engine.ts';
import { batchSelector } from './indexed-job.ts';
import { KubernetesBatchEngine } from './kubernetes-batch-engine.ts';

async function setUp(more: Partial<NonNullable<BatchSpec['cluster']>> = {}) {
  const server = await KubeApiServer.start();
  onTestFinished(() => server[Symbol.asyncDispose]());
  const folder = await temporaryFolder();
  const kubeconfig = path.join(folder, 'config');
  await writeFile(kubeconfig, server.kubeconfig);
  const engine = new KubernetesBatchEngine({
    cluster: new KubeCluster({ kubeconfig }),
    openPlace: (place) => openPlace(place, {}),
    pollMs: 10,
    patienceMs: 200,
  });
  const place = path.join(folder, 'jobs');
  const spec: BatchSpec = {
    name: 'nightly',
    job: { schemaVersion: 1, name: 'nightly', inputs: ['/in'], output: '/out', sideInputs: {}, arguments: [], nodeCount: 3 },
    artifact: 'registry.example/batch@sha256:1',
    models: ['m:1'],
    cluster: { place, namespace: 'batches', ...more },
  };
  const job = () => server.find('Job', 'nightly') as KubeObject & { spec: Record<string, unknown> };
  const status = async (index: number, state: string, numbers: Record<string, unknown> = {}) => {
    const node = path.join(place, 'nightly', 'nodes', String(index));
    await mkdir(node, { recursive: true });
    const counts = { succeededItems: 0, failedItems: 0, doneMiniBatches: 0, failedMiniBatches: 0, reusedMiniBatches: 0 };
    const more = { itemsPerSecond: 1, workers: 2, workersReplaced: 0, startedTime: '2026-01-01T00:00:00Z', updatedTime: '2026-01-01T00:00:00Z' };
    await writeFile(path.join(node, 'status.json'), JSON.stringify({ schemaVersion: 1, state, shard: { index, count: 3 }, node: `n${index}`, ...counts, ...more, ...numbers }));
  };
  return { server, engine, spec, job, status, folder: path.join(place, 'nightly') };
} // prettier-ignore

it('makes an Indexed Job, one pod for each node, and says how far all of them are', async () => {
  const { server, engine, spec, job, status, folder } = await setUp({
    containerResourceRequirements: { cpu: 2, memoryInGB: 4, gpu: 1 },
    environmentSecretName: 'storage',
    serviceAccountName: 'batch',
    volumeClaim: { name: 'shared', mountPath: '/shared' },
    parallelism: 2,
  });
  expect(await engine.observe(spec)).toBeUndefined();
  const plan = await engine.plan(spec);
  expect(plan.changes).toEqual([{ action: 'create', subject: 'Job batches/nightly' }]);
  expect(server.objects.size).toBe(0);
  await engine.submit(plan);
  expect(JSON.parse(await readFile(path.join(folder, 'job.json'), 'utf8'))).toEqual(spec.job);
  expect(job().spec).toMatchObject({
    completionMode: 'Indexed',
    completions: 3,
    parallelism: 2,
    backoffLimitPerIndex: 3,
    template: {
      spec: {
        restartPolicy: 'Never',
        serviceAccountName: 'batch',
        containers: [
          {
            image: spec.artifact,
            args: ['batch', 'run'],
            env: [{ value: folder }, { name: 'EDGEWRIGHT_BATCH_SHARDS', value: '3' }],
            envFrom: [{ secretRef: { name: 'storage' } }],
            resources: { requests: { cpu: '2000m', memory: '4096Mi' }, limits: { 'nvidia.com/gpu': '1' } },
          },
        ],
      },
    },
  });
  expect(await engine.observe(spec)).toMatchObject({ state: 'NotStarted', nodes: { wanted: 3, seen: 0 } });
  await status(0, 'Running', { succeededItems: 5, total: { items: 10, miniBatches: 2 } });
  await status(1, 'Running', { succeededItems: 3, total: { items: 10, miniBatches: 2 } });
  job().status = { active: 2 };
  expect(await engine.observe(spec)).toMatchObject({ state: 'Running', succeededItems: 8, nodes: { seen: 2 } });
  await expect(engine.submit(plan)).rejects.toMatchObject({ code: 'BatchRuns' });

  const files = [{ name: 'parallel_run_step.txt', rows: 30, sizeBytes: 300 }];
  const result = { schemaVersion: 1, state: 'Completed', items: 30, succeededItems: 30, failedItems: 0, miniBatches: 6, failedMiniBatches: 0, files, mergedTime: 'x' }; // prettier-ignore
  await writeFile(path.join(folder, 'result.json'), JSON.stringify(result));
  expect(await engine.observe(spec)).toMatchObject({ state: 'Completed', items: 30 });
  expect(await engine.results(spec)).toEqual([
    { name: 'parallel_run_step.txt', sizeBytes: 300, place: '/out/parallel_run_step.txt' },
  ]);
  await engine.remove(spec);
  expect(server.objects.size).toBe(0);
  expect(await engine.observe(spec)).toBeUndefined();
});

it('cancels, and goes on where it was', async () => {
  const { engine, spec, job, status, folder } = await setUp();
  await engine.submit(await engine.plan(spec));
  job().status = { active: 3 };
  await status(0, 'Running');
  await engine.cancel(spec);
  expect(job().spec['suspend']).toBe(true);
  expect(await engine.observe(spec)).toMatchObject({ state: 'CancelRequested' });
  job().status = { active: 0 };
  expect(await engine.observe(spec)).toMatchObject({ state: 'Canceled' });
  await mkdir(path.join(folder, 'parts'));
  await writeFile(path.join(folder, 'parts', '0.1.0'), 'done');
  const again = await engine.plan(spec);
  expect(again.changes).toMatchObject([{ action: 'update', reason: expect.stringContaining('goes on') as string }]);
  await engine.submit(again);
  expect(job().spec['suspend']).toBeUndefined();
  expect(await readFile(path.join(folder, 'parts', '0.1.0'), 'utf8')).toBe('done');
  expect(await engine.observe(spec)).toMatchObject({ state: 'NotStarted' });
});

it('tells why pods do not work', async () => {
  const { server, engine, spec, job } = await setUp();
  await engine.submit(await engine.plan(spec));
  const pod = (name: string, status: Record<string, unknown>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'batches', labels: batchSelector('nightly') },
    status,
  });
  const unscheduled = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' };
  server.pods = [pod('nightly-0', { conditions: [unscheduled] })];
  expect(await engine.observe(spec)).toMatchObject({
    state: 'NotStarted',
    reason: 'nightly-0 waits for a node: 0/3 nodes',
  });
  const waiting = { reason: 'ImagePullBackOff', message: 'no such image' };
  server.pods = [pod('nightly-0', { containerStatuses: [{ name: 'scorer', state: { waiting } }] })];
  expect(await engine.observe(spec)).toMatchObject({ state: 'Failed', reason: 'nightly-0: no such image' });
  server.podLogs.set('nightly-0', 'one\ntwo\n');
  expect(await engine.logs(spec, { lines: 1 })).toEqual(['nightly-0 two']);
  await expect(engine.remove(spec)).rejects.toMatchObject({ code: 'DeploymentTimedOut' });
  server.pods = [];
  await engine.submit(await engine.plan(spec));
  job().status = { conditions: [{ type: 'Failed', status: 'True', message: 'Job has failed indexes' }] };
  expect(await engine.observe(spec)).toMatchObject({ state: 'Failed', reason: 'Job has failed indexes' });
  await expect(engine.plan({ ...spec, cluster: undefined })).rejects.toThrow('kubernetes.place is missing');
});
