import type { ManagedCluster } from '@azure/arm-containerservice';
import { DeployersError } from '../deployers-error.ts';
import { vcpusOf } from './vcpus-of.ts';

/** An AKS cluster to create. Keys and defaults are those of Azure ML's `AksCompute.provisioning_configuration`. */
export interface ProvisioningInput {
  readonly name: string;
  readonly location: string;
  /** Default 3. */
  readonly agentCount?: number | undefined;
  /** Default `Standard_D3_v2`. */
  readonly vmSize?: string | undefined;
  /** Default `FastProd`, which needs 12 virtual processors; `DevTest` is for trying things. */
  readonly clusterPurpose?: 'FastProd' | 'DevTest' | undefined;
  /** All of it or none. */
  readonly network?: Partial<ClusterNetwork> | undefined;
}

/** The virtual network that a cluster joins. */
export interface ClusterNetwork {
  readonly vnetResourceGroup: string;
  readonly vnetName: string;
  readonly subnetName: string;
  readonly serviceCidr: string;
  readonly dnsServiceIp: string;
  readonly dockerBridgeCidr: string;
}

/** What a cluster for `FastProd` needs at least: Azure ML's rule. */
const LEAST_VCPUS = 12;
const NETWORK_FLAGS: Readonly<Record<keyof ClusterNetwork, string>> = {
  vnetResourceGroup: '--vnet-resourcegroup-name',
  vnetName: '--vnet-name',
  subnetName: '--subnet-name',
  serviceCidr: '--service-cidr',
  dnsServiceIp: '--dns-service-ip',
  dockerBridgeCidr: '--docker-bridge-cidr',
};

/**
 * The body with which the cluster is created.
 *
 * @throws DeployersError `ProvisioningInvalid`
 */
export function managedClusterOf(input: ProvisioningInput, subscriptionId: string): ManagedCluster {
  const { name, location, agentCount = 3, vmSize = 'Standard_D3_v2', clusterPurpose = 'FastProd' } = input;
  checkSize({ agentCount, vmSize, clusterPurpose });
  const network = checkNetwork(input.network);
  const subnet =
    network === undefined
      ? {}
      : {
          vnetSubnetID: `/subscriptions/${subscriptionId}/resourceGroups/${network.vnetResourceGroup}/providers/Microsoft.Network/virtualNetworks/${network.vnetName}/subnets/${network.subnetName}`,
        };
  return {
    location,
    dnsPrefix: name,
    identity: { type: 'SystemAssigned' },
    tags: { [PURPOSE_TAG]: clusterPurpose, [OWNER_TAG]: 'edgewright' },
    agentPoolProfiles: [
      {
        name: 'agentpool',
        mode: 'System',
        type: 'VirtualMachineScaleSets',
        osType: 'Linux',
        count: agentCount,
        vmSize,
        ...subnet,
      },
    ],
    ...(network === undefined
      ? {}
      : {
          networkProfile: {
            networkPlugin: 'azure',
            serviceCidr: network.serviceCidr,
            dnsServiceIP: network.dnsServiceIp,
          },
        }),
  };
}

export const PURPOSE_TAG = 'edgewright-cluster-purpose';
export const OWNER_TAG = 'edgewright-created-by';

/** Whether the processors of a cluster are enough for its purpose. */
export function checkSize({
  agentCount,
  vmSize,
  clusterPurpose,
}: {
  readonly agentCount: number;
  readonly vmSize: string;
  readonly clusterPurpose: 'FastProd' | 'DevTest';
}): void {
  if (clusterPurpose === 'DevTest') return;
  const each = vcpusOf(vmSize);
  if (each === undefined) {
    throw invalid('--vm-size', `it is not known how many virtual processors "${vmSize}" has, and FastProd needs ${LEAST_VCPUS}; take --cluster-purpose DevTest, or a size such as Standard_D3_v2`); // prettier-ignore
  }
  const total = agentCount * each;
  if (total >= LEAST_VCPUS) return;
  const needed = Math.ceil(LEAST_VCPUS / each);
  throw invalid('--agent-count', `${agentCount} × ${vmSize} have ${total} virtual processors, and FastProd needs ${LEAST_VCPUS}: take ${needed} of them or a larger size, or --cluster-purpose DevTest`); // prettier-ignore
}

function checkNetwork(network: Partial<ClusterNetwork> = {}): ClusterNetwork | undefined {
  const missing = Object.entries(NETWORK_FLAGS).filter(([key]) => network[key as keyof ClusterNetwork] === undefined);
  if (missing.length === Object.keys(NETWORK_FLAGS).length) return undefined;
  if (missing.length === 0) return network as ClusterNetwork;
  const flags = missing.map(([, flag]) => flag);
  throw invalid(
    flags[0] ?? '',
    `a virtual network is described by all six flags or by none; missing: ${flags.join(', ')}`,
  );
}

function invalid(flag: string, reason: string): DeployersError {
  return new DeployersError('ProvisioningInvalid', `cannot create the cluster: ${flag}: ${reason}`, {
    details: { flag, reason },
  });
}
