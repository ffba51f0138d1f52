import { describe, expect, it } from 'vitest';
import { managedClusterOf } from './provisioning.ts';
import { vcpusOf } from './vcpus-of.ts';

describe('vcpusOf', () => {
  it.each([
    ['Standard_D3_v2', 4],
    ['Standard_DS12_v2', 4],
    ['standard_d15_v2', 20],
    ['Standard_D4s_v5', 4],
    ['Standard_D16ads_v5', 16],
    ['Standard_B2s', 2],
    ['Standard_A2_v2', 2],
    ['Standard_A7', 8],
    ['Standard_GS3', 8],
    ['Standard_NC6s_v3', 6],
    ['Standard_NC24ads_A100_v4', 24],
    ['Standard_E8-4s_v5', 4],
    ['Standard_DC2s_v3', 2],
    ['D3_v2', undefined],
    ['Standard_', undefined],
  ])('%s has %s', (size, count) => {
    expect(vcpusOf(size)).toBe(count);
  });
});

describe('managedClusterOf', () => {
  const input = { name: 'prod', location: 'westeurope' };
  const network = {
    vnetResourceGroup: 'net',
    vnetName: 'v',
    subnetName: 's',
    serviceCidr: '10.0.0.0/16',
    dnsServiceIp: '10.0.0.10',
    dockerBridgeCidr: '172.17.0.1/16',
  };
  it.each([
    [{}],
    [{ agentCount: 1, vmSize: 'Standard_D5_v2' }],
    [{ agentCount: 1, clusterPurpose: 'DevTest' as const }],
    [{ agentCount: 1, vmSize: 'Standard_new', clusterPurpose: 'DevTest' as const }],
    [{ network }],
  ])('takes %j', (more) => {
    const { agentPoolProfiles, tags } = managedClusterOf({ ...input, ...more }, 'sub');
    expect(agentPoolProfiles).toHaveLength(1);
    expect(tags?.['edgewright-cluster-purpose']).toBe('clusterPurpose' in more ? 'DevTest' : 'FastProd');
  });

  it.each([
    [{ agentCount: 2 }, '2 × Standard_D3_v2 have 8 virtual processors, and FastProd needs 12: take 3 of them'],
    [{ agentCount: 12, vmSize: 'Standard_new' }, 'it is not known how many'],
    [
      { network: { vnetName: 'v', subnetName: 's' } },
      '--vnet-resourcegroup-name: a virtual network is described by all six',
    ],
  ])('refuses %j', (more, text) => {
    expect(() => managedClusterOf({ ...input, ...more }, 'sub')).toThrow(text);
  });
});
