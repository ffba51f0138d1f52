import type { EventSink } from '@edgewright/contract';
import type {
  AccessToken,
  DeploymentSettings,
  ServiceRecord,
  ServiceSpec,
  ServiceStore,
  Target,
} from '@edgewright/deployers';
import { appFoldersOf } from './app-folders.ts';
import type { AppFolders } from './app-folders.ts';
import { callService } from './call-service.ts';
import { overridesOf, readSettings } from './deploy-input.ts';
import type { DeployInput } from './deploy-input.ts';
import { keptImage } from './kept-image.ts';
import { exchangedKeys } from './exchanged-keys.ts';
import { makeServiceSpec } from './make-service-spec.ts';
import type { SpecParts } from './make-service-spec.ts';
import { fits } from './service-filter.ts';
import type { ServiceFilter } from './service-filter.ts';
import { servicePlan } from './service-plan.ts';
import type { ServicePlan } from './service-plan.ts';
import { serviceView } from './service-view.ts';
import type { Service } from './service-view.ts';
import { openTarget } from './open-target.ts';
import { writeExport } from './write-export.ts';
import type { ExportTo, WrittenExport } from './write-export.ts';
import type { WorkspaceFolders } from './workspace-folders.ts';
import type { WorkspaceImages } from './workspace-images.ts';
import type { WorkspaceModels } from './workspace-models.ts';

/** What `update` may change; the rest stays. */
export type UpdateServiceInput = Partial<Omit<DeployInput, 'name' | 'overwrite'>> & { readonly name: string };

const DEFAULT_LOG_LINES = 5000;

/** The services of a workspace. What was deployed is kept in SQLite, so every verb works from any process. */
export class WorkspaceServices {
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
   * Deploys models as a service, and waits until it is healthy. A service that is replaced goes on serving until then, and
   * stays when the new one fails.
   *
   * @throws DeployersError `ServiceNameInvalid`, `ServiceExists`, `DeploymentConfigInvalid`, `DeploymentFailed`,
   *   `DeploymentTimedOut` · ModelsError `ModelNotFound` · PackagerError · ContractError
   */
  async deploy(input: DeployInput): Promise<Service> {
    const { checkServiceName } = await import('@edgewright/deployers');
    checkServiceName(input.name);
    const settings = await readSettings(input.deploymentConfig, await overridesOf(input));
    using store = await this.#store();
    const former = store.former(input.name, input.overwrite === true);
    if (former !== undefined && kindOf(former.spec.settings) !== kindOf(settings)) {
      // what cannot be is refused while the former one is still there
      await this.plan(input);
      await this.delete(input.name);
      return await this.#change(store, undefined, { ...input, settings });
    }
    return await this.#change(store, former, { ...input, settings });
  }

  /**
   * Changes a service. Its address stays; with other models, another entry script or other settings a new revision takes
   * over once it is warm.
   */
  async update(input: UpdateServiceInput): Promise<Service> {
    using store = await this.#store();
    const former = store.get(input.name);
    const config = input.deploymentConfig ?? { ...former.spec.settings };
    const settings = await readSettings(config, await overridesOf(input));
    const [present, wanted] = [kindOf(former.spec.settings), kindOf(settings)];
    if (present !== wanted) {
      const { DeployersError } = await import('@edgewright/deployers');
      throw new DeployersError('DeploymentConfigInvalid', `the service ${input.name} runs on ${present}, and the configuration is for ${wanted}; deploy it again with --overwrite`); // prettier-ignore
    }
    return await this.#change(store, former, {
      ...input,
      deploymentConfig: config,
      models: input.models ?? former.spec.models,
      inferenceConfig: input.inferenceConfig ?? former.inferenceConfig,
      image: input.image ?? keptImage(former, input),
      settings,
    });
  }

  /** Reads the entry script again and starts the service anew with it; also brings back one whose host is gone. */
  async reload(name: string): Promise<Service> {
    return await this.update({ name });
  }

  /** What a deployment would change, and the objects of Kubernetes that it would be; nothing is changed or built. */
  async plan(input: DeployInput): Promise<ServicePlan> {
    const { checkServiceName } = await import('@edgewright/deployers');
    checkServiceName(input.name);
    const settings = await readSettings(input.deploymentConfig, await overridesOf(input));
    using store = await this.#store();
    const { spec } = await makeServiceSpec(
      { ...input, settings, isDry: true },
      store.find(input.name),
      this.#parts(store),
    );
    return servicePlan(await (await this.#target(store, spec)).plan(spec));
  }

  /**
   * Writes the objects of Kubernetes that a deployment would be as a Helm chart or a Kustomize base. No cluster is asked, and nothing
   * is built: the image is the one that is given, or would be pushed.
   *
   * @throws WorkspaceError `FolderNotEmpty` · DeployersError `DeploymentConfigInvalid`
   */
  async export(input: DeployInput & ExportTo): Promise<WrittenExport> {
    const { checkServiceName } = await import('@edgewright/deployers');
    checkServiceName(input.name);
    const settings = await readSettings(input.deploymentConfig, input.overrides);
    using store = await this.#store();
    const dry = { ...input, settings, isDry: true };
    const { spec } = await makeServiceSpec(dry, store.find(input.name), this.#parts(store));
    return await writeExport(spec, input);
  }

  /** Waits until the newest revision is healthy, or says why it is not. */
  async waitForDeployment(name: string): Promise<Service> {
    const { waitForDeployment } = await import('@edgewright/deployers');
    using store = await this.#store();
    const record = store.get(name);
    const target = await this.#target(store, record.spec);
    const seen = await waitForDeployment({ target, spec: record.spec, events: this.#events });
    return serviceView(record, seen);
  }

  async list(filter: ServiceFilter = {}): Promise<Service[]> {
    using store = await this.#store();
    const records = store.list().filter(({ spec }) => fits(spec, filter));
    return await Promise.all(records.map((record) => this.#view(store, record)));
  }

  /** @throws DeployersError `ServiceNotFound` */
  async show(name: string): Promise<Service> {
    using store = await this.#store();
    return await this.#view(store, store.get(name));
  }

  /** Sends data to a service, with its key or a token, and gives its answer. */
  async run(name: string, body: string | Uint8Array, contentType = 'application/json'): Promise<unknown> {
    using store = await this.#store();
    const record = store.get(name);
    return await callService(await this.#view(store, record), record.spec, { body, contentType });
  }

  /** The last lines that a service wrote. */
  async logs(name: string, lines = DEFAULT_LOG_LINES): Promise<readonly string[]> {
    using store = await this.#store();
    const { spec } = store.get(name);
    return await (await this.#target(store, spec)).logs(spec, lines);
  }

  /** @throws DeployersError `CredentialsNotUsed` */
  async getKeys(name: string): Promise<{ readonly primaryKey: string; readonly secondaryKey: string }> {
    using store = await this.#store();
    const { keys } = store.get(name).spec.credentials;
    if (keys !== undefined) return keys;
    const { DeployersError } = await import('@edgewright/deployers');
    throw new DeployersError('CredentialsNotUsed', `the service ${name} has no keys: authEnabled is off`, {
      details: { name },
    });
  }

  /** Exchanges one key; the service takes the new one without a restart. */
  async regenerateKey(
    name: string,
    which: 'Primary' | 'Secondary',
    key?: string,
  ): Promise<{ readonly primaryKey: string; readonly secondaryKey: string }> {
    const keys = await exchangedKeys(await this.getKeys(name), which, key);
    using store = await this.#store();
    const record = store.get(name);
    const spec: ServiceSpec = { ...record.spec, credentials: { ...record.spec.credentials, keys } };
    await (await this.#target(store, spec)).setCredentials(spec);
    store.put({ ...record, spec });
    return keys;
  }

  /** A token for a service that issues its own. */
  async getAccessToken(name: string): Promise<AccessToken> {
    const { issueToken } = await import('@edgewright/deployers');
    using store = await this.#store();
    return await issueToken(name, store.get(name).spec.credentials);
  }

  /** Ends a service. Its models stay registered. */
  async delete(name: string): Promise<void> {
    using store = await this.#store();
    const { spec } = store.get(name);
    this.#events({ stage: 'service.delete', state: 'started', text: `deleting ${name}` });
    await (await this.#target(store, spec)).remove(spec);
    await this.#apps(name).remove();
    store.delete(name);
    this.#events({ stage: 'service.delete', state: 'done', text: `${name} is gone` });
  }

  async #change(
    store: ServiceStore,
    former: ServiceRecord | undefined,
    input: DeployInput & { readonly settings: DeploymentSettings },
  ): Promise<Service> {
    const { applySpec, driveDeployment } = await import('@edgewright/deployers');
    const { name } = input;
    const { spec, inferenceConfig } = await makeServiceSpec({ ...input, isDry: false }, former, this.#parts(store));
    const target = await this.#target(store, spec);
    const now = new Date().toISOString();
    const createdTime = former?.createdTime ?? now;
    const record: ServiceRecord = {
      spec,
      ...(former === undefined ? {} : { former: former.spec }),
      ...(inferenceConfig === undefined ? {} : { inferenceConfig }),
      createdTime,
      updatedTime: now,
    };
    // what the target refuses at once leaves no trace
    await target.plan(spec);
    store.put(record);
    const drive = {
      target,
      spec,
      events: this.#events,
      ...(former === undefined ? {} : { former: former.spec }),
      ...(input.signal === undefined ? {} : { signal: input.signal }),
    };
    if (input.wait === false) {
      await applySpec(drive);
      return await this.#view(store, record);
    }
    try {
      const seen = await driveDeployment(drive);
      await this.#apps(name).keep([spec.revision, former?.spec.revision]);
      return serviceView(record, seen);
    } catch (error) {
      const { code = 'Unexpected', message = String(error) } = error as { code?: string; message?: string };
      // what is kept is what serves: the former revision, under its own number
      store.put(
        former === undefined
          ? { ...record, error: { code, message } }
          : { ...former, spec: { ...former.spec }, error: { code, message } },
      );
      throw error;
    }
  }

  async #view(store: ServiceStore, record: ServiceRecord): Promise<Service> {
    const target = await this.#target(store, record.spec);
    return serviceView(record, await target.observe(record.spec));
  }

  async #store(): Promise<ServiceStore> {
    const { ServiceStore: Store } = await import('@edgewright/deployers');
    return new Store(this.#folders.services);
  }

  async #target(
    store: ServiceStore,
    { settings, computeTarget }: Pick<ServiceSpec, 'settings' | 'computeTarget'>,
  ): Promise<Target> {
    return await openTarget(settings.computeType, computeTarget, { folders: this.#folders, store });
  }

  #parts(store: ServiceStore): SpecParts {
    return { store, folders: this.#folders, models: this.#models, images: this.#images };
  }

  #apps(name: string): AppFolders {
    return appFoldersOf(name, this.#folders);
  }
}

/** What an update cannot change. */
function kindOf(settings: DeploymentSettings): string {
  const { computeType } = settings;
  return computeType === 'local' && settings.container ? 'local, as a container' : computeType;
}
