import path from 'node:path';
import type { ComputeTarget, ServiceStore } from '@edgewright/deployers';
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

  constructor(folders: WorkspaceFolders) {
    this.#folders = folders;
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
