import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Workspace } from '@edgewright/workspace';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../support/engine-fixture.ts';
import { KubeApiServer } from '../support/kube-api-server.ts';
import { affineOnnx } from '../support/tiny-models.ts';

it('deploys to a cluster that was attached, plans, exchanges keys, and deletes', async () => {
  const cluster = await KubeApiServer.start();
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const folder = await temporaryFolder();
  const kubeconfig = path.join(folder, 'kubeconfig');
  await writeFile(kubeconfig, cluster.kubeconfig);
  await writeFile(path.join(folder, 'model.onnx'), affineOnnx());
  await using workspace = await Workspace.open(path.join(folder, 'workspace'));
  await workspace.models.register({ name: 'affine', path: path.join(folder, 'model.onnx') });
  const input = {
    name: 'affine-service',
    models: ['affine'],
    deploymentConfig: { computeType: 'aks', namespace: 'models', exposure: 'ClusterIP' },
    image: 'registry.example/affine:1',
  };
  await expect(workspace.services.deploy(input)).rejects.toMatchObject({ code: 'ComputeTargetMissing' });
  const { computeTargets, services } = workspace;
  await expect(services.deploy({ ...input, computeTarget: 'prod' })).rejects.toMatchObject({
    code: 'ComputeTargetNotFound',
  });
  await computeTargets.attach({ name: 'prod', kubeconfig });
  await expect(computeTargets.attach({ name: 'prod', kubeconfig })).rejects.toMatchObject({
    code: 'ComputeTargetExists',
  });
  const aci = { ...input, computeTarget: 'prod', deploymentConfig: { computeType: 'aci' } };
  await expect(services.deploy(aci)).rejects.toMatchObject({
    message: expect.stringContaining('prod is for aks; of ACI none is attached') as string,
  });
  const target = { ...input, computeTarget: 'prod' };
  const { image: _, ...built } = target;
  await expect(services.deploy(built)).rejects.toMatchObject({
    code: 'ComputeTargetMissing',
    message: expect.stringContaining('--registry') as string,
  });

  const plan = await services.plan(target);
  expect(plan.changes.map(({ action, subject }) => `${action} ${subject}`)).toContain(
    'create Deployment models/affine-service',
  );
  expect(plan.yaml).toContain('image: registry.example/affine:1');
  expect(plan.objects.find(({ kind }) => kind === 'Secret')?.['data']).toBeUndefined();
  expect(cluster.objects.size).toBe(0);

  const service = await services.deploy({ ...target, wait: false });
  expect(service).toMatchObject({
    state: 'Transitioning',
    computeType: 'aks',
    models: ['affine:1'],
    scoringUri: 'http://affine-service.models.svc/score',
  });
  const deployment = cluster.find('Deployment', 'affine-service');
  if (deployment !== undefined)
    deployment.status = {
      observedGeneration: deployment.metadata.generation,
      replicas: 1,
      updatedReplicas: 1,
      availableReplicas: 1,
      readyReplicas: 1,
    };
  expect(await services.waitForDeployment('affine-service')).toMatchObject({ state: 'Healthy', servingRevision: 1 });

  const { primaryKey } = await services.regenerateKey('affine-service', 'Primary');
  const data = cluster.find('Secret', 'affine-service')?.['data'] as Record<string, string>;
  expect(JSON.parse(Buffer.from(data['keys.json'] ?? '', 'base64').toString())).toMatchObject({ primaryKey });
  await expect(computeTargets.detach('prod')).rejects.toMatchObject({ code: 'ComputeTargetInUse' });
  expect(await services.list({ model: 'affine' })).toHaveLength(1);
  await services.delete('affine-service');
  expect(cluster.objects.size).toBe(0);
  await computeTargets.detach('prod');
  expect(await computeTargets.list()).toEqual([]);
});

it('divides the traffic of an endpoint over its versions, and takes it back', async () => {
  const cluster = await KubeApiServer.start();
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  cluster.gatewayClasses = ['envoy'];
  cluster.settles = true;
  const folder = await temporaryFolder();
  const kubeconfig = path.join(folder, 'kubeconfig');
  await writeFile(kubeconfig, cluster.kubeconfig);
  await writeFile(path.join(folder, 'model.onnx'), affineOnnx());
  await using workspace = await Workspace.open(path.join(folder, 'workspace'));
  const { computeTargets, endpoints, models, services } = workspace;
  await models.register({ name: 'affine', path: path.join(folder, 'model.onnx') });
  await models.register({ name: 'affine', path: path.join(folder, 'model.onnx') });
  await computeTargets.attach({ name: 'prod', kubeconfig });
  const deploymentConfig = {
    computeType: 'aks',
    exposure: 'ClusterIP',
    ingress: { host: 'a.example' },
    numReplicas: 1,
  };
  const input = { name: 'affine', models: ['affine:1'], deploymentConfig, image: 'registry.example/affine:1' };
  const rules = () => {
    const spec = cluster.find('HTTPRoute', 'affine')?.['spec'];
    return (spec as { rules: { backendRefs: { name: string; weight: number }[] }[] } | undefined)?.rules ?? [];
  };
  const weights = () =>
    rules()
      .at(-1)
      ?.backendRefs.map(({ name, weight }) => `${name} ${weight}`);

  const first = await endpoints.createVersion({ ...input, computeTarget: 'prod', versionName: 'blue' });
  expect(first).toMatchObject({ state: 'Healthy', scoringUri: 'http://a.example/score', computeTarget: 'prod' });
  expect(first.versions).toMatchObject([{ name: 'blue', isDefault: true, trafficPercentile: 100 }]);
  expect(weights()).toEqual(['affine-blue 100']);

  const green = { ...input, versionName: 'green', models: ['affine:2'], trafficPercentile: 10 };
  expect((await endpoints.planVersion(green)).changes.map(({ subject }) => subject)).toContain(
    'HTTPRoute default/affine',
  );
  expect((await endpoints.show('affine')).versions).toHaveLength(1);
  const both = await endpoints.createVersion({ ...green, isControlVersion: true });
  expect(both.versions).toMatchObject([
    { name: 'blue', trafficPercentile: 90, versionType: 'Treatment' },
    { name: 'green', trafficPercentile: 10, versionType: 'Control', models: ['affine:2'] },
  ]);
  expect(weights()).toEqual(['affine-blue 90', 'affine-green 10']);
  expect(rules()[1]).toMatchObject({ matches: [{ headers: [{ name: 'azureml-model-deployment', value: 'green' }] }] });

  await expect(endpoints.createVersion(green)).rejects.toMatchObject({ code: 'VersionExists' });
  const red = { ...input, versionName: 'red', trafficPercentile: 91 };
  await expect(endpoints.createVersion(red)).rejects.toMatchObject({ code: 'TrafficInvalid' });
  const foreign = { ...red, deploymentConfig: { ...deploymentConfig, namespace: 'other' } };
  await expect(endpoints.createVersion(foreign)).rejects.toThrow('$.namespace: it is of the endpoint affine');
  await expect(endpoints.deleteVersion('affine', 'blue')).rejects.toMatchObject({ code: 'TrafficInvalid' });
  await expect(endpoints.updateVersion({ name: 'affine', versionName: 'pink' })).rejects.toMatchObject({
    code: 'VersionNotFound',
  });
  const taken = { ...input, name: 'affine-green', computeTarget: 'prod' };
  await expect(services.deploy(taken)).rejects.toMatchObject({ code: 'ServiceExists' });
  await expect(endpoints.createVersion({ ...red, name: 'other', deploymentConfig: { computeType: 'local' } })).rejects.toThrow('are for aks'); // prettier-ignore
  expect((await models.deletionPlan('affine:2')).services).toEqual(['affine-green']);

  cluster.settles = false;
  cluster.failing.add('affine-red');
  await expect(endpoints.createVersion({ ...red, trafficPercentile: 5 })).rejects.toMatchObject({ code: 'DeploymentFailed' }); // prettier-ignore
  expect(cluster.find('Deployment', 'affine-red')).toBeUndefined();
  expect(weights()).toEqual(['affine-blue 90', 'affine-green 10']);
  cluster.settles = true;

  await endpoints.updateVersion({ name: 'affine', versionName: 'green', isDefault: true });
  expect(weights()).toEqual(['affine-blue 0', 'affine-green 100']);
  const { primaryKey } = await endpoints.regenerateKey('affine', 'Primary');
  const open = await endpoints.update({ name: 'affine', overrides: { authEnabled: false } });
  expect(open).toMatchObject({ authEnabled: false, versions: [{ revision: 2 }, { revision: 2 }] });
  expect(primaryKey).not.toBe('');
  expect(cluster.find('Secret', 'affine-green')).toBeUndefined();
  await endpoints.deleteVersion('affine', 'blue');
  expect(weights()).toEqual(['affine-green 100']);
  await expect(computeTargets.detach('prod')).rejects.toMatchObject({ code: 'ComputeTargetInUse' });
  await endpoints.delete('affine');
  expect(cluster.objects.size).toBe(0);
});
