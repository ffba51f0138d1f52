import path from 'node:path';
import { discardEvents } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import type {
  AzureCluster,
  ClusterTarget,
  ComputeTarget,
  ProvisioningInput,
  ServiceStore,
} from '@edgewright/deployers';
import { keepKubeconfig, openManagedClusters } from './aks-clusters.ts';
import { readTextFile } from './read-document.ts';
import type { WorkspaceFolders } from './workspace-folders.ts';

/** A cluster to attach. */
export interface AttachClusterInput {
  readonly name: string;
  /** A kubeconfig file; it is read again each time. */
  readonly kubeconfig: string;
  /** Default: the current one of the file. */
  readonly context?: string | undefined;
  /** Where images are pushed, and the cluster pulls them: `HOST` or `HOST/PATH`. */
  readonly registry?: string | undefined;
}

/** Where an AKS cluster is, or will be. */
interface AzurePlace {
  /** Azure Resource Manager, where it is not the public cloud's. */
  readonly endpoint?: string | undefined;
  /** Where images are pushed, and the cluster pulls them: `HOST` or `HOST/PATH`. */
  readonly registry?: string | undefined;
}

/** An AKS cluster to create. */
export interface CreateClusterInput extends ProvisioningInput, AzurePlace {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly signal?: AbortSignal | undefined;
}

/** An AKS cluster to attach by what Azure calls it. */
export interface AttachClusterByIdInput extends AzurePlace {
  readonly name: string;
  /** `/subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerService/managedClusters/NAME`. */
  readonly id: string;
  /** Default `FastProd`, which needs 12 virtual processors. */
  readonly clusterPurpose?: 'FastProd' | 'DevTest' | undefined;
}

/** A resource group of Azure to attach, for container instances. */
export interface AttachAzureInput {
  readonly name: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** The region of services that name none. */
  readonly location: string;
  /** A user-assigned identity that may pull from the registry, by its resource id. */
  readonly identity?: string | undefined;
  /** Azure Resource Manager, where it is not the public cloud's. */
  readonly endpoint?: string | undefined;
  readonly registry?: string | undefined;
}

/** The places for services that a workspace knows. */
export class WorkspaceComputeTargets {
  readonly #folders: WorkspaceFolders;
  readonly #events: EventSink;

  constructor(folders: WorkspaceFolders, events: EventSink = discardEvents) {
    this.#folders = folders;
    this.#events = events;
  }

  /**
   * Creates an AKS cluster, waits until it is there, and makes it known by its name. When this is interrupted, the cluster may be
   * there all the same: attach it by its id then.
   *
   * @throws DeployersError `ProvisioningInvalid`, `ComputeTargetExists`, `AzureRefused`
   */
  async create({
    signal,
    registry,
    endpoint,
    subscriptionId,
    resourceGroup,
    ...wanted
  }: CreateClusterInput): Promise<ComputeTarget> {
    const { checkServiceName } = await import('@edgewright/deployers');
    const { name, clusterPurpose = 'FastProd' } = wanted;
    checkServiceName(name);
    using store = await this.#store();
    store.requireNewTarget(name);
    const clusters = await openManagedClusters({ subscriptionId, resourceGroup, endpoint }, this.#events);
    await clusters.create(wanted, signal);
    const azure = { subscriptionId, resourceGroup, clusterName: name, clusterPurpose, isCreated: true };
    const kubeconfig = await keepKubeconfig(name, await clusters.kubeconfig(name), this.#folders);
    return await this.#addCluster({ name, kubeconfig, azure, registry, endpoint });
  }

  /**
   * Makes an AKS cluster known by a name; its kubeconfig is asked of Azure.
   *
   * @throws DeployersError `ProvisioningInvalid`, `ComputeTargetExists`, `AzureRefused`
   */
  async attachById(input: AttachClusterByIdInput): Promise<ComputeTarget> {
    const { parseClusterId } = await import('@edgewright/deployers');
    const { name, id, clusterPurpose = 'FastProd', registry, endpoint } = input;
    const place = parseClusterId(id);
    using store = await this.#store();
    store.requireNewTarget(name);
    const clusters = await openManagedClusters({ ...place, endpoint }, this.#events);
    await clusters.requireUsable(place.clusterName, clusterPurpose);
    const kubeconfig = await keepKubeconfig(name, await clusters.kubeconfig(place.clusterName), this.#folders);
    const azure = { ...place, clusterPurpose, isCreated: false };
    return await this.#addCluster({ name, kubeconfig, azure, registry, endpoint });
  }

  /**
   * The kubeconfig of a cluster; of one that Azure has it is asked anew, and kept.
   *
   * @param isAdmin that of an administrator, which no login of Entra ID is asked for; it is given and not kept
   */
  async credentials(name: string, isAdmin = false): Promise<string> {
    using store = await this.#store();
    const target = await requireCluster(store.getTarget(name), 'has no kubeconfig');
    const { azure, kubeconfig } = target;
    if (azure === undefined) return await readTextFile(kubeconfig, 'the kubeconfig');
    const text = await (await openManagedClusters(azure, this.#events)).kubeconfig(azure.clusterName, isAdmin);
    if (!isAdmin) await keepKubeconfig(name, text, this.#folders);
    return text;
  }

  /**
   * Deletes a cluster that edgewright created, and forgets it.
   *
   * @throws DeployersError `ComputeTargetInUse`, `AzureRefused` for one that it did not create
   */
  async delete(name: string, signal?: AbortSignal): Promise<void> {
    const { DeployersError } = await import('@edgewright/deployers');
    using store = await this.#store();
    const { azure } = await requireCluster(store.getTarget(name), 'cannot be deleted, only detached');
    if (azure?.isCreated !== true) {
      throw new DeployersError('AzureRefused', `the compute target ${name} was not created by edgewright: detach it, which leaves the cluster as it is`, { details: { reason: 'ClusterNotOurs', name } }); // prettier-ignore
    }
    store.requireUnusedTarget(name);
    await (await openManagedClusters(azure, this.#events)).delete(azure.clusterName, signal);
    store.removeTarget(name);
  }

  /**
   * Makes a cluster known by a name.
   *
   * @throws DeployersError `ComputeTargetExists`, `ClusterUnusable` · DeployersError `ServiceNameInvalid`
   */
  async attach({ name, kubeconfig, context, registry }: AttachClusterInput): Promise<ComputeTarget> {
    const { AksTarget } = await import('@edgewright/deployers');
    const file = path.resolve(kubeconfig);
    // reads the file, and so refuses one that cannot be used
    void new AksTarget({ kubeconfig: file, context });
    return await this.#add({
      name,
      computeType: 'aks',
      kubeconfig: file,
      ...(context === undefined ? {} : { context }),
      ...(registry === undefined ? {} : { registry }),
      createdTime: new Date().toISOString(),
    });
  }

  /**
   * Makes a resource group known by a name. Nothing is asked of Azure yet.
   *
   * @throws DeployersError `ComputeTargetExists`, `ServiceNameInvalid`
   */
  async attachAzure({ identity, endpoint, registry, ...place }: AttachAzureInput): Promise<ComputeTarget> {
    return await this.#add({
      ...place,
      computeType: 'ACI',
      ...(identity === undefined ? {} : { identity }),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(registry === undefined ? {} : { registry }),
      createdTime: new Date().toISOString(),
    });
  }

  async list(): Promise<ComputeTarget[]> {
    using store = await this.#store();
    return store.listTargets();
  }

  /** @throws DeployersError `ComputeTargetNotFound` */
  async show(name: string): Promise<ComputeTarget> {
    using store = await this.#store();
    return store.getTarget(name);
  }

  /**
   * Forgets a cluster, which stays as it is.
   *
   * @throws DeployersError `ComputeTargetNotFound`, `ComputeTargetInUse`
   */
  async detach(name: string): Promise<void> {
    using store = await this.#store();
    store.removeTarget(name);
  }

  async #addCluster(cluster: {
    readonly name: string;
    readonly kubeconfig: string;
    readonly azure: AzureCluster;
    readonly registry: string | undefined;
    readonly endpoint: string | undefined;
  }): Promise<ComputeTarget> {
    const { name, kubeconfig, azure, registry, endpoint } = cluster;
    return await this.#add({
      name,
      computeType: 'aks',
      kubeconfig,
      azure: { ...azure, ...(endpoint === undefined ? {} : { endpoint }) },
      ...(registry === undefined ? {} : { registry }),
      createdTime: new Date().toISOString(),
    });
  }

  async #add(target: ComputeTarget): Promise<ComputeTarget> {
    const { checkServiceName } = await import('@edgewright/deployers');
    checkServiceName(target.name);
    using store = await this.#store();
    store.addTarget(target);
    return target;
  }

  async #store(): Promise<ServiceStore> {
    const { ServiceStore: Store } = await import('@edgewright/deployers');
    return new Store(this.#folders.services);
  }
}

async function requireCluster(target: ComputeTarget, what: string): Promise<ClusterTarget> {
  if (target.computeType === 'aks') return target;
  const { DeployersError } = await import('@edgewright/deployers');
  throw new DeployersError('ClusterUnusable', `the compute target ${target.name} ${what}: it is a resource group for container instances`, { details: { name: target.name } }); // prettier-ignore
}
