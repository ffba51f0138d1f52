import { ContainerServiceClient } from '@azure/arm-containerservice';
import type { ManagedCluster } from '@azure/arm-containerservice';
import type { TokenCredential } from '@azure/identity';
import type { EventSink } from '@edgewright/contract';
import { messageOf } from '@edgewright/contract';
import { DeployersError } from '../deployers-error.ts';
import { checkSize, managedClusterOf, OWNER_TAG } from './provisioning.ts';
import type { ProvisioningInput } from './provisioning.ts';

export interface ManagedClustersOptions {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly credential: TokenCredential;
  readonly events: EventSink;
  /** Azure Resource Manager; default: the public cloud's. */
  readonly endpoint?: string | undefined;
  /** Certificates to trust beside those of the system, PEM; for clouds that are not public. */
  readonly ca?: string | undefined;
  readonly pollMs?: number;
}

/** What a resource id names. */
export interface ClusterId {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly clusterName: string;
}

const POLL_MS = 10_000;

/**
 * Reads the resource id of an AKS cluster.
 *
 * @throws DeployersError `ProvisioningInvalid`
 */
export function parseClusterId(id: string): ClusterId {
  const form = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.ContainerService\/managedClusters\/([^/]+)$/i;
  const [, subscriptionId = '', resourceGroup = '', clusterName = ''] = form.exec(id) ?? [];
  if (clusterName !== '') return { subscriptionId, resourceGroup, clusterName };
  throw new DeployersError(
    'ProvisioningInvalid',
    `cannot attach "${id}": it is not the id of an AKS cluster, /subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerService/managedClusters/NAME; \`az aks show\` has it`,
    { details: { id } },
  );
} // prettier-ignore

/** The AKS clusters of a resource group. */
export class ManagedClusters {
  readonly #options: ManagedClustersOptions;
  readonly #client: ContainerServiceClient;

  constructor(options: ManagedClustersOptions) {
    this.#options = options;
    this.#client = new ContainerServiceClient(options.credential, options.subscriptionId, {
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
      // handed on to the transport, though the client's types do not say so
      ...(options.ca === undefined ? {} : { tlsOptions: { ca: options.ca } }),
    });
  }

  /**
   * Creates a cluster, and waits until it is there, which takes Azure some twenty minutes.
   *
   * Events: `compute.create`, one for each state.
   *
   * @throws DeployersError `ProvisioningInvalid`, `AzureRefused`, also when a cluster of that name is there
   */
  async create(input: ProvisioningInput, signal?: AbortSignal): Promise<void> {
    const { resourceGroup, subscriptionId, events, pollMs = POLL_MS } = this.#options;
    const body = managedClusterOf(input, subscriptionId);
    const { name } = input;
    if ((await this.find(name)) !== undefined) {
      throw new DeployersError('AzureRefused', `there is an AKS cluster ${name} in ${resourceGroup} already; attach it, or take another name`, { details: { reason: 'ClusterExists', name } }); // prettier-ignore
    }
    const [pool] = body.agentPoolProfiles ?? [];
    const text = `creating the AKS cluster ${name} in ${resourceGroup}: ${pool?.count} × ${pool?.vmSize}`;
    events({ stage: 'compute.create', state: 'started', text });
    let state = '';
    await this.#call(`create the AKS cluster ${name}`, async () => {
      const poller = this.#client.managedClusters.createOrUpdate(resourceGroup, name, body, {
        updateIntervalInMs: pollMs,
        ...(signal === undefined ? {} : { abortSignal: signal }),
      });
      poller.onProgress(({ status }) => {
        if (status === state) return;
        state = status;
        events({ stage: 'compute.create', state: 'note', text: `${name}: ${status}`, data: { status } });
      });
      await poller.pollUntilDone(signal === undefined ? {} : { abortSignal: signal });
    });
    events({ stage: 'compute.create', state: 'done', text: `the AKS cluster ${name} is there` });
  }

  /** Undefined when there is none of that name. */
  async find(name: string): Promise<ManagedCluster | undefined> {
    try {
      return await this.#call(`read the AKS cluster ${name}`, () =>
        this.#client.managedClusters.get(this.#options.resourceGroup, name),
      );
    } catch (error) {
      if (error instanceof DeployersError && error.details['status'] === 404) return undefined;
      throw error;
    }
  }

  /**
   * Checks that a cluster can be attached: it is there, made, and large enough for the purpose.
   *
   * @throws DeployersError `AzureRefused`, `ProvisioningInvalid`
   */
  async requireUsable(name: string, clusterPurpose: 'FastProd' | 'DevTest'): Promise<void> {
    const { resourceGroup } = this.#options;
    const found = await this.find(name);
    if (found === undefined || found.provisioningState !== 'Succeeded') {
      const state = found === undefined ? 'it is not there' : `it is ${found.provisioningState}`;
      throw new DeployersError('AzureRefused', `cannot attach the AKS cluster ${name} in ${resourceGroup}: ${state}`, {
        details: { reason: 'ClusterNotUsable', name },
      });
    }
    const pools = found.agentPoolProfiles ?? [];
    const [largest] = pools.toSorted((one, other) => (other.count ?? 0) - (one.count ?? 0));
    if (largest === undefined || pools.length > 1) return;
    checkSize({ agentCount: largest.count ?? 0, vmSize: largest.vmSize ?? '', clusterPurpose });
  }

  /** A kubeconfig: that of a user, who is asked by Azure, or that of an administrator. */
  async kubeconfig(name: string, isAdmin = false): Promise<string> {
    const { managedClusters } = this.#client;
    const { kubeconfigs = [] } = await this.#call(`get credentials of the AKS cluster ${name}`, () =>
      isAdmin
        ? managedClusters.listClusterAdminCredentials(this.#options.resourceGroup, name)
        : managedClusters.listClusterUserCredentials(this.#options.resourceGroup, name),
    );
    const [first] = kubeconfigs;
    if (first?.value === undefined) {
      throw new DeployersError('AzureRefused', `Azure gives no kubeconfig of the AKS cluster ${name}`, {
        details: { reason: 'NoCredentials', name },
      });
    }
    return Buffer.from(first.value).toString('utf8');
  }

  /**
   * Deletes a cluster that edgewright created, and waits until it is gone.
   *
   * @throws DeployersError `AzureRefused` for a cluster of somebody else
   */
  async delete(name: string, signal?: AbortSignal): Promise<void> {
    const { resourceGroup, events, pollMs = POLL_MS } = this.#options;
    const found = await this.find(name);
    if (found === undefined) return;
    if (found.tags?.[OWNER_TAG] !== 'edgewright') {
      throw new DeployersError('AzureRefused', `the AKS cluster ${name} in ${resourceGroup} was not created by edgewright: detach it, which leaves it as it is`, { details: { reason: 'ClusterNotOurs', name } }); // prettier-ignore
    }
    events({ stage: 'compute.delete', state: 'started', text: `deleting the AKS cluster ${name}` });
    await this.#call(`delete the AKS cluster ${name}`, async () => {
      const abort = signal === undefined ? {} : { abortSignal: signal };
      await this.#client.managedClusters
        .delete(resourceGroup, name, { updateIntervalInMs: pollMs, ...abort })
        .pollUntilDone(abort);
    });
    events({ stage: 'compute.delete', state: 'done', text: `the AKS cluster ${name} is gone` });
  }

  async #call<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (cause) {
      const { code, statusCode } = cause as { code?: unknown; statusCode?: unknown };
      throw new DeployersError('AzureRefused', `cannot ${what}: ${messageOf(cause)}`, {
        details: {
          reason: typeof code === 'string' ? code : null,
          status: Number.isNaN(Number(statusCode)) ? null : Number(statusCode),
        },
        cause,
      });
    }
  }
}
