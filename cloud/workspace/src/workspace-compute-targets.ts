import path from 'node:path';
import type { ComputeTarget, ServiceStore } from '@edgewright/deployers';
import type { WorkspaceFolders } from './workspace-folders.ts';

/** A cluster to attach. */
export interface AttachComputeTargetInput {
  readonly name: string;
  /** A kubeconfig file; it is read again each time. */
  readonly kubeconfig: string;
  /** Default: the current one of the file. */
  readonly context?: string | undefined;
  /** Where images are pushed, and the cluster pulls them: `HOST` or `HOST/PATH`. */
  readonly registry?: string | undefined;
}

/** The clusters that a workspace knows. */
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
  async attach({ name, kubeconfig, context, registry }: AttachComputeTargetInput): Promise<ComputeTarget> {
    const { AksTarget, checkServiceName } = await import('@edgewright/deployers');
    checkServiceName(name);
    const file = path.resolve(kubeconfig);
    // reads the file, and so refuses one that cannot be used
    void new AksTarget({ kubeconfig: file, context });
    const target: ComputeTarget = {
      name,
      computeType: 'aks',
      kubeconfig: file,
      ...(context === undefined ? {} : { context }),
      ...(registry === undefined ? {} : { registry }),
      createdTime: new Date().toISOString(),
    };
    using store = await this.#store();
    store.addTarget(target);
    return target;
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

  async #store(): Promise<ServiceStore> {
    const { ServiceStore: Store } = await import('@edgewright/deployers');
    return new Store(this.#folders.services);
  }
}
