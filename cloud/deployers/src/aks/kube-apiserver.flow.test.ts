import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPlace } from '@edgewright/batch';
import type { TestContext } from 'vitest';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../../../test/support/engine-fixture.ts';
import { RealKubeCluster } from '../../../../test/support/real-kube-cluster.ts';
import { KubernetesBatchEngine } from '../batch/kubernetes-batch-engine.ts';
import { completeDeploymentConfig } from '../config/complete-deployment-config.ts';
import { makeCredentials } from '../credentials/service-credentials.ts';
import type { ServiceSpec } from '../service-spec.ts';
import { AksTarget } from './aks-target.ts';
import { KubeCluster } from './kube-cluster.ts';

async function setUp(context: TestContext) {
  const folder = await temporaryFolder();
  const cluster = await RealKubeCluster.start(context, folder);
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'models' } };
  const target = new AksTarget({ kubeconfig: cluster.kubeconfig }, 100);
  const spec = async (revision: number, config: Record<string, unknown> = {}): Promise<ServiceSpec> => {
    const settings = completeDeploymentConfig({ computeType: 'aks', namespace: 'models', ...config }, 'test');
    const keys = { primaryKey: 'primary-key-0123456789', secondaryKey: 'secondary-key-0123456789' };
    const credentials = await makeCredentials(settings, { keys });
    return { name: 'diabetes', revision, settings, models: ['m:1'], artifact: `registry.example/m:${revision}`, credentials };
  };
  return { cluster, target, spec, folder, makeNamespace: () => cluster.request('POST', '/api/v1/namespaces', namespace) };
} // prettier-ignore

const DEPLOYMENT = '/apis/apps/v1/namespaces/models/deployments/diabetes';

it('a real API server takes the objects, sees no drift in them, and keeps what others set', async (context) => {
  const { cluster, target, spec, makeNamespace } = await setUp(context);
  const first = await spec(1, { numReplicas: 3, containerResourceRequirements: { gpu: 1 } });
  await expect(target.plan(first)).rejects.toThrow('namespaces "models" not found');
  await makeNamespace();
  expect((await target.plan(first)).changes).toHaveLength(4);
  await target.apply({ spec: first, changes: [] });
  expect((await target.plan(first)).changes).toEqual([]);
  expect(await target.observe(first)).toMatchObject({ state: 'Transitioning', replicas: { desired: 3, ready: 0 } });

  // somebody else's field stays, a field of ours that was changed is shown and set again
  const byHand = { metadata: { annotations: { 'example.com/team': 'a' } }, spec: { revisionHistoryLimit: 9 } };
  await cluster.request('PATCH', DEPLOYMENT, byHand, 'application/merge-patch+json');
  expect((await target.plan(first)).changes).toEqual([
    { action: 'update', subject: 'Deployment models/diabetes', reason: 'spec.revisionHistoryLimit' },
  ]);
  await target.apply({ spec: first, changes: [] });
  expect(await cluster.request('GET', DEPLOYMENT)).toMatchObject({
    metadata: { annotations: { 'example.com/team': 'a' } },
    spec: { revisionHistoryLimit: 5, replicas: 3 },
  });

  // the autoscaler takes over from the number that is there
  const scaled = await spec(2);
  const changes = (await target.plan(scaled)).changes;
  expect(changes.map(({ action, subject }) => `${action} ${subject}`)).toContain('create HorizontalPodAutoscaler models/diabetes');
  expect(JSON.stringify(changes)).not.toContain('spec.replicas');
  await target.apply({ spec: scaled, changes: [] });
  expect(await cluster.request('GET', DEPLOYMENT)).toMatchObject({ spec: { replicas: 3 } });
  expect((await target.plan(scaled)).changes).toEqual([]);
  await target.apply({ spec: first, changes: [] });
  expect((await target.plan(first)).changes).toEqual([]);

  await cluster.request('PATCH', DEPLOYMENT, { metadata: { labels: { 'app.kubernetes.io/managed-by': 'Helm' } } }, 'application/merge-patch+json'); // prettier-ignore
  await expect(target.plan(first)).rejects.toThrow('was not made by edgewright');
  await cluster.request('PATCH', DEPLOYMENT, { metadata: { labels: { 'app.kubernetes.io/managed-by': 'edgewright' } } }, 'application/merge-patch+json'); // prettier-ignore
  await target.remove(first);
  expect(await target.observe(first)).toBeUndefined();
}, 300_000); // prettier-ignore

it('real controllers roll out, and run a batch as an Indexed Job', async (context) => {
  const { cluster, target, spec, makeNamespace, folder } = await setUp(context);
  if (!cluster.hasControllers) context.skip('needs EDGEWRIGHT_KUBE_CONTROLLER_MANAGER');
  await makeNamespace();
  const first = await spec(1, { numReplicas: 1, exposure: 'ClusterIP' });
  await target.apply({ spec: first, changes: [] });
  const PODS = '/api/v1/namespaces/models/pods';
  const pods = async (selector: string) => {
    const { items } = await cluster.request('GET', `${PODS}?labelSelector=${encodeURIComponent(selector)}`);
    return items as { metadata: { name: string; annotations?: Record<string, string> }; spec: { containers: { env?: { name: string }[] }[] } }[];
  };
  const until = async <Found>(look: () => Promise<Found | undefined>): Promise<Found> => {
    for (const deadline = performance.now() + 60_000; ; ) {
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() > deadline) throw new TypeError('it does not come');
      await sleep(200);
    }
  };
  // this test is the kubelet
  const set = async (name: string, status: unknown) =>
    await cluster.request('PATCH', `${PODS}/${name}/status`, { status }, 'application/merge-patch+json');
  const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: new Date().toISOString() }] };
  const [pod] = await until(async () => { const all = await pods('app.kubernetes.io/instance=diabetes'); return all.length > 0 ? all : undefined; });
  await set(pod?.metadata.name ?? '', ready);
  await until(async () => ((await target.observe(first))?.state === 'Healthy' ? true : undefined));
  await target.apply({ spec: await spec(2, { numReplicas: 1, exposure: 'ClusterIP' }), changes: [] });
  const second = await until(async () => (await pods('app.kubernetes.io/instance=diabetes')).find(({ metadata }) => metadata.annotations?.['edgewright.dev/revision'] === '2'));
  const crash = { name: 'scorer', ready: false, restartCount: 1, image: 'i', imageID: '', state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 2, reason: 'Error' } } };
  await set(second.metadata.name, { phase: 'Running', containerStatuses: [crash] });
  expect(await target.observe(await spec(2, { numReplicas: 1, exposure: 'ClusterIP' }))).toMatchObject({ revision: 1, failure: { revision: 2 } });

  const engine = new KubernetesBatchEngine({ cluster: new KubeCluster({ kubeconfig: cluster.kubeconfig }), openPlace: (place) => openPlace(place, {}), pollMs: 100 });
  const job = { schemaVersion: 1 as const, name: 'nightly', inputs: ['/in'], output: '/out', sideInputs: {}, arguments: [], nodeCount: 2 };
  const batch = { name: 'nightly', job, artifact: 'registry.example/b:1', models: [], cluster: { place: path.join(folder, 'jobs'), namespace: 'models' } };
  await engine.submit(await engine.plan(batch));
  const nodes = await until(async () => { const all = await pods('app.kubernetes.io/instance=nightly'); return all.length === 2 ? all : undefined; });
  expect(nodes[0]?.spec.containers[0]?.env?.map(({ name }) => name)).toContain('JOB_COMPLETION_INDEX');
  const failed = { phase: 'Failed', containerStatuses: [{ name: 'scorer', ready: false, restartCount: 0, image: 'i', imageID: '', state: { terminated: { exitCode: 1 } } }] };
  await set(nodes[0]?.metadata.name ?? '', failed);
  // started anew: the one that failed is still listed
  await until(async () => ((await pods('app.kubernetes.io/instance=nightly')).length === 3 ? true : undefined));
  await engine.cancel(batch);
  await until(async () => ((await engine.observe(batch))?.state === 'Canceled' ? true : undefined));
  await engine.submit(await engine.plan(batch));
  const again = await until(async () => { const all = await pods('app.kubernetes.io/instance=nightly'); return all.length === 2 ? all : undefined; });
  for (const { metadata } of again) {
    await set(metadata.name, { ...failed, containerStatuses: [{ ...failed.containerStatuses[0], state: { terminated: { exitCode: 2 } } }] });
  }
  expect(await until(async () => { const seen = await engine.observe(batch); return seen?.state === 'Failed' ? seen : undefined; })).toMatchObject({ reason: expect.stringContaining('ailed') as string });
  await engine.remove(batch);
}, 300_000); // prettier-ignore
