import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../../../test/support/engine-fixture.ts';
import { KubeApiServer } from '../../../../test/support/kube-api-server.ts';
import type { KubeObject } from '../../../../test/support/kube-api-server.ts';
import { completeDeploymentConfig } from '../config/complete-deployment-config.ts';
import { makeCredentials } from '../credentials/service-credentials.ts';
import { driveDeployment } from '../drive-deployment.ts';
import type { ServiceSpec } from '../service-spec.ts';
import { AksTarget } from './aks-target.ts';
import { selectorOf } from './kubernetes-objects.ts';

async function setUp(config: Record<string, unknown> = {}) {
  const cluster = await KubeApiServer.start();
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const kubeconfig = path.join(await temporaryFolder(), 'config');
  await writeFile(kubeconfig, cluster.kubeconfig);
  const target = new AksTarget({ kubeconfig }, 20);
  const spec = async (revision: number, changes: Record<string, unknown> = {}): Promise<ServiceSpec> => {
    const settings = completeDeploymentConfig(
      { computeType: 'aks', namespace: 'models', ...config, ...changes },
      'test',
    );
    const artifact = `registry.example/diabetes@sha256:${String(revision).repeat(64)}`;
    const keys = { primaryKey: 'primary-key-0123456789', secondaryKey: 'secondary-key-0123456789' };
    const credentials = await makeCredentials(settings, { keys });
    return { name: 'diabetes', revision, settings, models: ['diabetes:1'], artifact, credentials };
  };
  return { cluster, target, spec, kubeconfig };
}

function pod(spec: ServiceSpec, name: string, status: Record<string, unknown>): KubeObject {
  const annotations = { 'edgewright.dev/revision': String(spec.revision) };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'models', labels: selectorOf(spec), annotations },
    status,
  };
}

const ready = {
  conditions: [{ type: 'Ready', status: 'True' }],
  containerStatuses: [{ name: 'scorer', ready: true, restartCount: 0, state: { running: {} } }],
};
const waitingFor = (reason: string, more: Record<string, unknown> = {}) => ({
  conditions: [{ type: 'Ready', status: 'False' }],
  containerStatuses: [
    { name: 'scorer', ready: false, restartCount: 1, state: { waiting: { reason, message: `${reason}!` } }, ...more },
  ],
});

/** What the controllers of a cluster do once all replicas are ready. */
function settle(cluster: KubeApiServer, spec: ServiceSpec): void {
  const deployment = cluster.find('Deployment', spec.name);
  if (deployment === undefined) throw new TypeError('there is no Deployment');
  const count = { replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 };
  deployment.status = { observedGeneration: deployment.metadata.generation, ...count };
  cluster.pods = [pod(spec, `pod-${spec.revision}`, ready)];
  const service = cluster.find('Service', spec.name);
  if (service !== undefined) service.status = { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } };
}

async function deployed(context: Awaited<ReturnType<typeof setUp>>): Promise<ServiceSpec> {
  const first = await context.spec(1);
  await context.target.apply(await context.target.plan(first));
  settle(context.cluster, first);
  return first;
}

describe('the AKS target', () => {
  it('plans, applies, waits, finds no drift, and removes all that it made', async () => {
    const context = await setUp();
    const { cluster, target, spec } = context;
    const first = await spec(1);
    const plan = await target.plan(first);
    const names = ['Secret', 'Deployment', 'Service', 'HorizontalPodAutoscaler', 'PodDisruptionBudget'];
    expect(plan.changes).toEqual(names.map((kind) => ({ action: 'create', subject: `${kind} models/diabetes` })));
    expect(cluster.objects.size).toBe(0);
    const outcome = driveDeployment({
      target,
      spec: first,
      events: ({ text }) => {
        if (text === 'diabetes is to be revision 1') setTimeout(() => settle(cluster, first), 100);
      },
    });
    expect(await outcome).toEqual({
      state: 'Healthy',
      stage: 'serving',
      revision: 1,
      url: 'http://192.0.2.7',
      replicas: { desired: 1, ready: 1 },
    });
    expect((await target.plan(first)).changes).toEqual([]);
    const second = await spec(2, { numReplicas: 3, authEnabled: false });
    expect((await target.plan(second)).changes).toMatchObject([
      {
        action: 'update',
        subject: 'Deployment models/diabetes',
        reason: expect.stringContaining('revision') as string,
      },
      { action: 'delete', subject: 'HorizontalPodAutoscaler models/diabetes' },
      { action: 'delete', subject: 'Secret models/diabetes' },
    ]);
    await target.apply({ spec: second, changes: [] });
    expect([...cluster.objects.values()].map(({ kind }) => kind).toSorted()).toEqual([
      'Deployment',
      'PodDisruptionBudget',
      'Service',
    ]);
    await target.remove(second);
    expect(cluster.objects.size).toBe(0);
    expect(await target.observe(second)).toBeUndefined();
    await target.remove(second);
  });

  it('shows what somebody changed by hand', async () => {
    const context = await setUp();
    const first = await deployed(context);
    const service = context.cluster.find('Service', 'diabetes') as unknown as { spec: { ports: [{ port: number }] } };
    service.spec.ports[0].port = 8080;
    expect((await context.target.plan(first)).changes).toEqual([
      { action: 'update', subject: 'Service models/diabetes', reason: 'spec.ports.0.port' },
    ]);
  });

  const crash = { exitCode: 2, reason: 'Error' };
  const log = `{"level":"fatal","err":{"code":"EntryScriptNotLoadable","message":"init() failed: no licence"},"msg":"the scorer ends"}`;
  it.each([
    ['a container that ends', waitingFor('CrashLoopBackOff', { lastState: { terminated: crash } }), 'init', 'no licence'],
    ['a container that just ended', { containerStatuses: [{ name: 'scorer', ready: false, state: { terminated: crash } }] }, 'init', 'no licence'],
    ['memory over its limit', waitingFor('CrashLoopBackOff', { lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }), 'start', 'OOMKilled'],
    ['an image that cannot be pulled', waitingFor('ImagePullBackOff'), 'pull', 'ImagePullBackOff!'],
    ['a Secret that is missing', waitingFor('CreateContainerConfigError'), 'configuration', 'CreateContainerConfigError!'],
  ])('tells at once of %s, and goes back to what served', async (_, status, stage, text) => {
    const context = await setUp();
    const { cluster, target, spec } = context;
    const first = await deployed(context);
    const second = await spec(2);
    cluster.podLogs.set('pod-2 previous', log);
    const texts: string[] = [];
    const outcome = driveDeployment({
      target,
      spec: second,
      former: first,
      events: (event) => {
        texts.push(event.text);
        if (event.text.endsWith('is to be revision 2')) cluster.pods.push(pod(second, 'pod-2', status));
        if (event.text.endsWith('is to be revision 1')) settle(cluster, first);
      },
    });
    await expect(outcome).rejects.toMatchObject({
      code: 'DeploymentFailed',
      message: expect.stringContaining(text) as string,
      details: { stage, revision: 2 },
    });
    expect(texts.at(-1)).toBe('diabetes serves revision 1 again');
    const deployment = cluster.find('Deployment', 'diabetes');
    expect(deployment?.metadata.annotations?.['edgewright.dev/revision']).toBe('1');
  }); // prettier-ignore

  it('says Unschedulable, which is not final, and Failed when the deadline of Kubernetes passes', async () => {
    const context = await setUp();
    const { cluster, target, spec } = context;
    const first = await spec(1);
    await target.apply(await target.plan(first));
    const conditions = [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes: Insufficient cpu' },
    ];
    cluster.pods = [pod(first, 'pod-1', { conditions })];
    expect(await target.observe(first)).toMatchObject({
      state: 'Unschedulable',
      stage: expect.stringContaining('Insufficient cpu') as string,
    });
    const deployment = cluster.find('Deployment', 'diabetes') as KubeObject;
    const late = {
      type: 'Progressing',
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: 'timed out progressing',
    };
    deployment.status = { observedGeneration: 1, conditions: [late] };
    cluster.pods = [];
    expect(await target.observe(first)).toMatchObject({ failure: { revision: 1, message: 'timed out progressing' } });
  });

  it('exchanges keys in the Secret alone', async () => {
    const context = await setUp();
    const first = await deployed(context);
    const before = context.cluster.requests.length;
    await context.target.setCredentials(first);
    const changed = context.cluster.requests.slice(before).filter((line) => line.startsWith('PATCH'));
    expect(changed.every((line) => line.includes('/secrets/diabetes'))).toBe(true);
    const data = context.cluster.find('Secret', 'diabetes')?.['data'] as Record<string, string>;
    expect(JSON.parse(Buffer.from(data['keys.json'] ?? '', 'base64').toString())).toEqual(first.credentials.keys);
    expect(JSON.stringify(context.cluster.find('Deployment', 'diabetes'))).not.toContain('primary-key');
  });

  it('gives the logs of all pods', async () => {
    const context = await setUp();
    const first = await deployed(context);
    context.cluster.pods.push(pod(first, 'pod-b', ready));
    context.cluster.podLogs.set('pod-1', 'one\ntwo\n').set('pod-b', 'three\n');
    expect(await context.target.logs(first, 10)).toEqual(['pod-1 one', 'pod-1 two', 'pod-b three']);
  });

  it('leaves alone what has its name and is not its own', async () => {
    const context = await setUp();
    const first = await deployed(context);
    const secret = context.cluster.find('Secret', 'diabetes') as KubeObject;
    secret.metadata['labels'] = {};
    await context.target.remove(first);
    expect([...context.cluster.objects.values()]).toEqual([secret]);
    await expect(context.target.plan(first)).rejects.toMatchObject({
      code: 'ClusterRefused',
      message: expect.stringContaining('Secret models/diabetes was not made by edgewright') as string,
    });
  });

  it('takes a Gateway where the cluster offers one, and an Ingress elsewhere', async () => {
    const ingress = { host: 'd.example', tlsSecretName: 'tls' };
    const context = await setUp({ exposure: 'ClusterIP', ingress });
    const { cluster, target, spec } = context;
    const kinds = () => [...cluster.objects.values()].map(({ kind }) => kind).filter((kind) => /Ing|Gate|Route/.test(kind));
    const first = await deployed(context);
    expect(kinds()).toEqual(['Ingress']);
    expect(await target.observe(first)).toMatchObject({ state: 'Healthy', url: 'https://d.example' });
    cluster.gatewayClasses = ['envoy'];
    expect((await target.plan(first)).changes).toEqual([
      { action: 'create', subject: 'Gateway models/diabetes' },
      { action: 'create', subject: 'HTTPRoute models/diabetes' },
      { action: 'delete', subject: 'Ingress models/diabetes', reason: expect.any(String) as string },
    ]);
    await target.apply({ spec: first, changes: [] });
    expect(kinds()).toEqual(['Gateway', 'HTTPRoute']);
    expect(await target.observe(first)).toMatchObject({ state: 'Transitioning', stage: expect.stringContaining('controller') as string }); // prettier-ignore
    const route = cluster.find('HTTPRoute', 'diabetes') as KubeObject;
    route.status = { parents: [{ conditions: [{ type: 'Accepted', status: 'False', message: 'no listener fits' }] }] };
    expect(await target.observe(first)).toMatchObject({
      state: 'Unhealthy',
      failure: { stage: 'route', message: 'the Gateway does not take the route: no listener fits' },
    });
    route.status = { parents: [{ conditions: [{ type: 'Accepted', status: 'True' }] }] };
    expect(await target.observe(first)).toMatchObject({ state: 'Healthy', url: 'https://d.example' });
    const other = await spec(1, { ingress: { kind: 'Gateway', className: 'other' } });
    await expect(target.plan(other)).rejects.toMatchObject({ code: 'DeploymentConfigInvalid' });
    const shared = await spec(1, { ingress: { gateway: 'infra/front', host: 'd.example' } });
    await expect(target.plan(shared)).rejects.toThrow('no Gateway infra/front in the cluster');
    await target.remove(first);
    expect(kinds()).toEqual([]);
  }); // prettier-ignore

  it('leaves the number of replicas to an autoscaler without falling back to one', async () => {
    const context = await setUp({ numReplicas: 4 });
    await deployed(context);
    const scaled = await context.spec(2, { numReplicas: undefined });
    expect(JSON.stringify((await context.target.plan(scaled)).changes)).not.toContain('spec.replicas');
    await context.target.apply({ spec: scaled, changes: [] });
    const handed = context.cluster.requests.filter((line) => line.includes('edgewright-autoscaler'));
    expect(handed).toHaveLength(1);
  });

  it('reports what the cluster refuses, and a kubeconfig that cannot be used', async () => {
    const context = await setUp();
    context.cluster.forbidden.add('Deployment');
    await expect(context.target.plan(await context.spec(1))).rejects.toMatchObject({
      code: 'ClusterRefused',
      message: expect.stringContaining('cannot patch Deployment') as string,
    });
    expect(() => new AksTarget({ kubeconfig: '/nowhere' })).toThrow(/cannot use the kubeconfig \/nowhere/);
    expect(() => new AksTarget({ kubeconfig: context.kubeconfig, context: 'other' })).toThrow(/no context "other"/);
  });
});

describe("the objects, against Kubernetes' own schemas", () => {
  it.each([
    [{}],
    [{ numReplicas: 2 }],
    [{ authEnabled: false }],
    [{ tokenAuthEnabled: true }],
    [{ tokenAuthEnabled: true, tokenIssuer: { issuer: 'https://login.example', audience: 'a' } }],
    [{ containerResourceRequirements: { cpu: 0.5, memoryInGB: 2, gpu: 1, cpuLimit: 1, memoryInGBLimit: 4 } }],
    [{ exposure: 'ClusterIP', ingress: { host: 'd.example', tlsSecretName: 'tls', className: 'nginx' } }],
    [{ autoScaler: { minReplicas: 2, maxReplicas: 4, targetUtilization: 50, refreshPeriodInSeconds: 15 } }],
  ])('%j is valid', async (config) => {
    const { target, spec, cluster } = await setUp(config);
    await target.apply(await target.plan(await spec(1)));
    expect(cluster.find('Deployment', 'diabetes')).toMatchObject({
      spec: { strategy: { rollingUpdate: { maxUnavailable: 0 } } },
    });
  });
});
