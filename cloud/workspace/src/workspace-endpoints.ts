import type { EventSink } from '@edgewright/contract';
import type { AccessToken, EndpointRecord, EndpointVersionRecord, ServiceStore } from '@edgewright/deployers';
import { appFoldersOf } from './app-folders.ts';
import { callService } from './call-service.ts';
import { EndpointChange } from './endpoint-change.ts';
import type { CreateVersionInput, EndpointParts, UpdateEndpointInput, UpdateVersionInput } from './endpoint-change.ts';
import { endpointView } from './endpoint-view.ts';
import type { Endpoint } from './endpoint-view.ts';
import { exchangedKeys } from './exchanged-keys.ts';
import type { ServiceKeys } from './exchanged-keys.ts';
import { readyPart, requireEndpoints } from './endpoint-parts.ts';
import type { ServicePlan } from './service-plan.ts';
import { openTarget } from './open-target.ts';
import type { WorkspaceFolders } from './workspace-folders.ts';
import type { WorkspaceImages } from './workspace-images.ts';
import type { WorkspaceModels } from './workspace-models.ts';

const DEFAULT_LOG_LINES = 5000;

/** The realtime endpoints of a workspace: an address behind which versions of a service share the traffic. */
export class WorkspaceEndpoints {
  readonly #folders: WorkspaceFolders;
  readonly #models: WorkspaceModels;
  readonly #images: WorkspaceImages;
  readonly #events: EventSink;

  constructor(parts: {
    folders: WorkspaceFolders;
    models: WorkspaceModels;
    images: WorkspaceImages;
    events: EventSink;
  }) {
    this.#folders = parts.folders;
    this.#images = parts.images;
    this.#models = parts.models;
    this.#events = parts.events;
  }

  /**
   * Deploys a version, waits until it is healthy, and then gives it its traffic. The first version makes the endpoint, and is
   * its default version. A version that fails is removed again; the others serve as before.
   *
   * @throws DeployersError `VersionExists`, `TrafficInvalid`, `ServiceNameInvalid`, `ServiceExists`,
   *   `DeploymentConfigInvalid`, `DeploymentFailed`, `DeploymentTimedOut` · what `services.deploy` throws
   */
  async createVersion(input: CreateVersionInput): Promise<Endpoint> {
    return await this.#with(async (parts) => {
      const record = await new EndpointChange(parts).create(input);
      return await this.#view(parts.store, record);
    });
  }

  /** What creating a version would change, and the objects of Kubernetes that it would be; nothing is changed or built. */
  async planVersion(input: CreateVersionInput): Promise<ServicePlan> {
    return await this.#with(async (parts) => await new EndpointChange(parts).plan(input));
  }

  /**
   * Changes a version: what it runs, how, its traffic or its role. A new revision that fails is rolled back, and the traffic
   * stays as it was.
   */
  async updateVersion(input: UpdateVersionInput): Promise<Endpoint> {
    return await this.#with(async (parts) => {
      const record = await new EndpointChange(parts).update(input);
      return await this.#view(parts.store, record);
    });
  }

  /** Changes what all versions share: who may call, how requests come in, texts and tags. */
  async update(input: UpdateEndpointInput): Promise<Endpoint> {
    return await this.#with(async (parts) => {
      const record = await new EndpointChange(parts).updateShared(input);
      return await this.#view(parts.store, record);
    });
  }

  /**
   * Takes the traffic from a version, and ends it; the default version gets its share.
   *
   * @throws DeployersError `TrafficInvalid` for the default version: another one has to be made the default first
   */
  async deleteVersion(name: string, version: string): Promise<Endpoint> {
    return await this.#with(async (parts) => {
      const record = await new EndpointChange(parts).remove(name, version);
      return await this.#view(parts.store, record);
    });
  }

  /** Ends an endpoint with all its versions. Their models stay registered. */
  async delete(name: string): Promise<void> {
    using store = await this.#store();
    const record = store.getEndpoint(name);
    const target = await this.#target(store, record);
    this.#events({ stage: 'endpoint.delete', state: 'started', text: `deleting ${name}` });
    await (await requireEndpoints(target)).remove(record);
    for (const { spec } of record.versions) {
      await target.remove(spec);
      await appFoldersOf(spec.name, this.#folders).remove();
    }
    store.deleteEndpoint(name);
    this.#events({ stage: 'endpoint.delete', state: 'done', text: `${name} is gone` });
  }

  async list(): Promise<Endpoint[]> {
    using store = await this.#store();
    return await Promise.all(store.listEndpoints().map((record) => this.#view(store, record)));
  }

  /** @throws DeployersError `ServiceNotFound` */
  async show(name: string): Promise<Endpoint> {
    using store = await this.#store();
    return await this.#view(store, store.getEndpoint(name));
  }

  /**
   * Sends data to an endpoint, with its key or a token, and gives the answer.
   *
   * @param options.version asks this version, whatever the traffic is; needs the Gateway API
   */
  async run(name: string, body: string | Uint8Array, options: { version?: string; contentType?: string } = {}) {
    using store = await this.#store();
    const record = store.getEndpoint(name);
    const { version, contentType = 'application/json' } = options;
    const { requireVersion } = await import('@edgewright/deployers');
    if (version !== undefined) requireVersion(record, version);
    const headers = version === undefined ? {} : { 'azureml-model-deployment': version };
    return await callService(await this.#view(store, record), record, { body, contentType, headers });
  }

  /**
   * The last lines that a version wrote.
   *
   * @param version default: the default version
   */
  async logs(name: string, version?: string, lines = DEFAULT_LOG_LINES): Promise<readonly string[]> {
    using store = await this.#store();
    const { requireVersion } = await import('@edgewright/deployers');
    const { spec } = requireVersion(store.getEndpoint(name), version);
    return await (await this.#target(store, spec)).logs(spec, lines);
  }

  /** @throws DeployersError `CredentialsNotUsed` */
  async getKeys(name: string): Promise<ServiceKeys> {
    using store = await this.#store();
    const { keys } = store.getEndpoint(name).credentials;
    if (keys !== undefined) return keys;
    const { DeployersError } = await import('@edgewright/deployers');
    throw new DeployersError('CredentialsNotUsed', `the endpoint ${name} has no keys: authEnabled is off`, {
      details: { name },
    });
  }

  /** Exchanges one key; all versions take the new one without a restart. */
  async regenerateKey(name: string, which: 'Primary' | 'Secondary', key?: string): Promise<ServiceKeys> {
    const keys = await exchangedKeys(await this.getKeys(name), which, key);
    using store = await this.#store();
    const record = store.getEndpoint(name);
    const credentials = { ...record.credentials, keys };
    const target = await this.#target(store, record);
    const versions: EndpointVersionRecord[] = [];
    for (const version of record.versions) {
      const spec = { ...version.spec, credentials };
      await target.setCredentials(spec);
      versions.push({ ...version, spec });
    }
    store.putEndpoint({ ...record, versions, credentials });
    return keys;
  }

  /** A token for an endpoint that issues its own. */
  async getAccessToken(name: string): Promise<AccessToken> {
    const { issueToken } = await import('@edgewright/deployers');
    using store = await this.#store();
    return await issueToken(name, store.getEndpoint(name).credentials);
  }

  /**
   * Ends the version that runs under a name, and its endpoint when it is the only one.
   *
   * @returns false when no version has that name
   */
  async deleteByService(serviceName: string): Promise<boolean> {
    using store = await this.#store();
    const versions = store
      .listEndpoints()
      .flatMap((endpoint) => endpoint.versions.map((version) => ({ endpoint, version })));
    const found = versions.find(({ version }) => version.spec.name === serviceName);
    if (found === undefined) return false;
    const { endpoint, version } = found;
    if (endpoint.versions.length === 1) await this.delete(endpoint.name);
    else await this.deleteVersion(endpoint.name, version.name);
    return true;
  }

  async #with<Result>(action: (parts: EndpointParts) => Promise<Result>): Promise<Result> {
    using store = await this.#store();
    return await action({
      store,
      folders: this.#folders,
      models: this.#models,
      images: this.#images,
      events: this.#events,
    });
  }

  async #view(store: ServiceStore, record: EndpointRecord): Promise<Endpoint> {
    const { trafficShares } = await import('@edgewright/deployers');
    const target = await this.#target(store, record);
    const ready = readyPart(record);
    const shares = ready.versions.length === 0 ? [] : trafficShares(record.name, ready.versions);
    const seen = await Promise.all(
      record.versions.map(async ({ name, spec }) => [name, await target.observe(spec)] as const),
    );
    return endpointView(record, {
      address: await (await requireEndpoints(target)).observe(record),
      versions: new Map(seen),
      shares: new Map(shares.map(({ version, percent }) => [version, percent])),
    });
  }

  async #target(store: ServiceStore, { settings, computeTarget }: Pick<EndpointRecord, 'settings' | 'computeTarget'>) {
    return await openTarget(settings.computeType, computeTarget, { folders: this.#folders, store });
  }

  async #store(): Promise<ServiceStore> {
    const { ServiceStore: Store } = await import('@edgewright/deployers');
    return new Store(this.#folders.services);
  }
}
