import { describe, expect, it, onTestFinished } from 'vitest';
import { ArmServer } from '../../../../test/support/arm-server.ts';
import { completeDeploymentConfig } from '../config/complete-deployment-config.ts';
import { makeCredentials } from '../credentials/service-credentials.ts';
import { driveDeployment } from '../drive-deployment.ts';
import type { ServiceSpec } from '../service-spec.ts';
import { AciTarget } from './aci-target.ts';

const keys = { primaryKey: 'primary-key-0123456789', secondaryKey: 'secondary-key-0123456789' };

async function setUp(config: Record<string, unknown> = {}) {
  const arm = await ArmServer.start();
  onTestFinished(() => arm[Symbol.asyncDispose]());
  const { credential, place } = ArmServer;
  const target = new AciTarget({
    ...place,
    credential,
    endpoint: arm.endpoint,
    ca: arm.ca,
    pollMs: 20,
    isReady: () => Promise.resolve(true),
  });
  const spec = async (revision = 1): Promise<ServiceSpec> => {
    const settings = completeDeploymentConfig({ computeType: 'ACI', authEnabled: true, ...config }, 'test');
    const credentials = await makeCredentials(settings, { keys });
    return {
      name: 'diabetes',
      revision,
      settings,
      models: ['diabetes:1'],
      artifact: 'reg.azurecr.io/diabetes:1',
      credentials,
    };
  };
  const deploy = (next: ServiceSpec, provisioningState: string, instanceView: unknown) =>
    driveDeployment({
      target,
      spec: next,
      events: ({ stage }) => {
        if (stage === 'service.apply') setTimeout(() => arm.become('diabetes', provisioningState, instanceView), 50);
      },
    });
  return { arm, target, spec, deploy };
}

const running = { currentState: { state: 'Running' } };

describe('the ACI target', () => {
  it('makes a container group, finds it, updates it and deletes it', async () => {
    const { arm, target, spec, deploy } = await setUp();
    const first = await spec();
    expect((await target.plan(first)).changes).toEqual([{ action: 'create', subject: 'container group rg/diabetes' }]);
    const seen = await deploy(first, 'Succeeded', running);
    expect(seen).toMatchObject({
      state: 'Healthy',
      revision: 1,
      url: 'http://diabetes-0a1b2c3d.westeurope.azurecontainer.io:5001',
    });
    const { containers, ipAddress } = arm.bodies[0]?.properties ?? {};
    expect(ipAddress).toMatchObject({ type: 'Public', dnsNameLabel: 'diabetes-0a1b2c3d' });
    expect(containers?.[0]?.properties).toMatchObject({ resources: { requests: { cpu: 0.1, memoryInGB: 0.5 } } });
    const variables = containers?.[0]?.properties['environmentVariables'] as { name: string; value?: string }[];
    expect(variables).toContainEqual({ name: 'EDGEWRIGHT_PRIMARY_KEY', secureValue: keys.primaryKey });
    expect(variables).toContainEqual({ name: 'EDGEWRIGHT_AUTHENTICATION', value: 'key' });
    expect(JSON.stringify([...arm.groups.values()])).not.toContain(keys.primaryKey);
    expect((await target.plan(await spec(2))).changes[0]?.reason).toContain('revision 1 becomes 2');
    expect((await deploy(await spec(2), 'Succeeded', running)).revision).toBe(2);
    arm.logs.set('diabetes', 'one\ntwo\n');
    expect(await target.logs(first, 1)).toEqual(['two']);
    await target.remove(first);
    expect(arm.groups.size).toBe(0);
    expect(await target.observe(first)).toBeUndefined();
  });

  it('deletes first what ACI cannot change in place, and says so', async () => {
    const { arm, target, spec, deploy } = await setUp();
    await deploy(await spec(), 'Succeeded', running);
    const larger = completeDeploymentConfig({ computeType: 'ACI', containerResourceRequirements: { cpu: 2 } }, 'test');
    const second = { ...(await spec(2)), settings: larger };
    const [change] = (await target.plan(second)).changes;
    expect(change?.reason).toBe(
      'revision 1 becomes 2; ACI cannot change cpu in place, so the group is deleted and made anew',
    );
    expect((await deploy(second, 'Succeeded', running)).revision).toBe(2);
    expect(arm.groups.get('diabetes')?.properties.containers[0]?.properties).toMatchObject({
      resources: { requests: { cpu: 2 } },
    });
  });

  it('goes on when it is throttled', async () => {
    const { arm, spec, deploy } = await setUp();
    arm.throttle = 2;
    expect((await deploy(await spec(), 'Succeeded', running)).state).toBe('Healthy');
  });

  it.each([
    ['a quota', {}, (arm: ArmServer) => { arm.quota = 0; }, 'ContainerGroupQuotaReached'],
    ['a label that is taken', { dnsNameLabel: 'taken' }, (arm: ArmServer) => { arm.takenLabels.add('taken'); }, 'DnsNameLabelNotAvailable'],
    ['more than there is', { containerResourceRequirements: { cpu: 8 } }, () => {}, 'ResourceRequestsNotValid'],
  ])('reports %s in the words of Azure', async (_, config, prepare, reason) => {
    const { arm, target, spec } = await setUp(config);
    prepare(arm);
    await expect(target.apply({ spec: await spec(), changes: [] })).rejects.toMatchObject({ code: 'AzureRefused', details: { reason } });
  }); // prettier-ignore

  const ended = { state: 'Terminated', exitCode: 2, detailStatus: 'Error' };
  it.each([
    ['a container that ends', 'Succeeded', { currentState: ended }, 'init', 'no licence'],
    ['a container that ended before', 'Succeeded', { currentState: { state: 'Waiting' }, previousState: ended }, 'init', 'no licence'],
    ['an image that cannot be pulled', 'Creating', { events: [{ name: 'Failed', type: 'Normal' }, { name: 'FailedPull', type: 'Warning', message: 'not found' }] }, 'pull', 'not found'],
    ['a group that cannot be made', 'Failed', {}, 'schedule', 'provisioning failed'],
  ])('tells at once of %s', async (_, state, view, stage, text) => {
    const { arm, spec, deploy } = await setUp();
    arm.logs.set('diabetes', `{"level":"fatal","err":{"code":"EntryScriptNotLoadable","message":"no licence"},"msg":"the scorer ends"}\n`);
    await expect(deploy(await spec(), state, view)).rejects.toMatchObject({
      code: 'DeploymentFailed',
      message: expect.stringContaining(text) as string,
      details: { stage },
    });
  }); // prettier-ignore

  it('leaves alone a group that is not its own', async () => {
    const { arm, target, spec } = await setUp();
    await target.apply({ spec: await spec(), changes: [] });
    const group = arm.groups.get('diabetes');
    if (group !== undefined) group.tags = {};
    const refusal = { code: 'AzureRefused', message: expect.stringContaining('left alone') as string };
    await expect(target.remove(await spec())).rejects.toMatchObject(refusal);
    await expect(target.apply({ spec: await spec(), changes: [] })).rejects.toMatchObject(refusal);
  });

  it('puts a service into a network, without a public name', async () => {
    const { arm, target, spec } = await setUp({ vnetConfiguration: { vnetName: 'v', subnetName: 's' } });
    await target.apply({ spec: await spec(), changes: [] });
    expect(arm.bodies[0]?.properties).toMatchObject({
      ipAddress: { type: 'Private' },
      subnetIds: [{ id: expect.stringMatching(/virtualNetworks\/v\/subnets\/s$/) as string }],
    });
  });
});
