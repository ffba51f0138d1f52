import { expect, it, onTestFinished } from 'vitest';
import { ArmServer } from '../../../../test/support/arm-server.ts';
import { ManagedClusters, parseClusterId } from './managed-clusters.ts';

async function setUp() {
  const arm = await ArmServer.start();
  onTestFinished(() => arm[Symbol.asyncDispose]());
  const { subscriptionId, resourceGroup } = ArmServer.place;
  const texts: string[] = [];
  const managed = new ManagedClusters({
    subscriptionId,
    resourceGroup,
    credential: ArmServer.credential,
    endpoint: arm.endpoint,
    ca: arm.ca,
    pollMs: 5,
    events: ({ text }) => texts.push(text),
  });
  return { arm, managed, texts };
}

const input = { name: 'prod', location: 'westeurope' };

it('creates a cluster, waits, gets its credentials, and deletes it', async () => {
  const { arm, managed, texts } = await setUp();
  const network = {
    vnetResourceGroup: 'net',
    vnetName: 'v',
    subnetName: 's',
    serviceCidr: '10.0.0.0/16',
    dnsServiceIp: '10.0.0.10',
    dockerBridgeCidr: '172.17.0.1/16',
  };
  await managed.create({ ...input, network });
  expect(arm.clusters.bodies).toMatchObject([
    {
      location: 'westeurope',
      identity: { type: 'SystemAssigned' },
      tags: { 'edgewright-cluster-purpose': 'FastProd' },
      properties: {
        dnsPrefix: 'prod',
        agentPoolProfiles: [
          {
            count: 3,
            vmSize: 'Standard_D3_v2',
            vnetSubnetID: expect.stringMatching(/resourceGroups\/net\/.*\/v\/subnets\/s$/) as string,
          },
        ],
        networkProfile: { networkPlugin: 'azure', serviceCidr: '10.0.0.0/16', dnsServiceIP: '10.0.0.10' },
      },
    },
  ]);
  expect(texts[0]).toBe('creating the AKS cluster prod in rg: 3 × Standard_D3_v2');
  expect(texts.at(-1)).toBe('the AKS cluster prod is there');
  expect(texts.length).toBeGreaterThan(2);
  await expect(managed.create(input)).rejects.toThrow('there is an AKS cluster prod in rg already');
  await managed.requireUsable('prod', 'FastProd');
  arm.clusters.kubeconfig = 'apiVersion: v1';
  expect(await managed.kubeconfig('prod')).toBe('apiVersion: v1');
  expect(await managed.kubeconfig('prod', true)).toBe('apiVersion: v1');
  await managed.delete('prod');
  await managed.delete('prod');
  expect(await managed.find('prod')).toBeUndefined();
});

it('reports what Azure refuses, and leaves alone the clusters of others', async () => {
  const { arm, managed } = await setUp();
  arm.clusters.mostNodes = 2;
  await expect(managed.create(input)).rejects.toMatchObject({
    code: 'AzureRefused',
    message: expect.stringContaining('Insufficient regional vcpu quota') as string,
    details: { reason: 'ErrCode_InsufficientVCPUQuota' },
  });
  await expect(managed.create({ ...input, agentCount: 2 })).rejects.toMatchObject({ code: 'ProvisioningInvalid' });
  const properties = { provisioningState: 'Succeeded', agentPoolProfiles: [{ count: 1, vmSize: 'Standard_D3_v2' }] };
  arm.clusters.clusters.set('theirs', { name: 'theirs', location: 'westeurope', properties });
  await expect(managed.delete('theirs')).rejects.toThrow('was not created by edgewright');
  await expect(managed.requireUsable('theirs', 'FastProd')).rejects.toThrow('1 × Standard_D3_v2 have 4');
  await managed.requireUsable('theirs', 'DevTest');
  await expect(managed.requireUsable('none', 'DevTest')).rejects.toThrow('it is not there');
});

it('reads resource ids', () => {
  const id = '/subscriptions/s/resourcegroups/g/providers/Microsoft.ContainerService/managedClusters/c';
  expect(parseClusterId(id)).toEqual({ subscriptionId: 's', resourceGroup: 'g', clusterName: 'c' });
  expect(() => parseClusterId('c')).toThrow('it is not the id of an AKS cluster');
});
