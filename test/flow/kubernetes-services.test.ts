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
