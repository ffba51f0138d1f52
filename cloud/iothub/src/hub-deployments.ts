import type { Configuration } from 'azure-iothub';
import type { HubAccess } from './hub-call.ts';

/** What a deployment brings; `modulesContent` for edge devices. It never changes once the deployment is there. */
export type DeploymentContent = Readonly<Record<string, unknown>>;

/** What may be changed of a deployment. */
export interface DeploymentSettings {
  /** A condition on twins, such as `tags.plant = 'north'`; `*` is every device, empty is none. */
  readonly targetCondition: string;
  /** Where two deployments contradict, the larger number counts. */
  readonly priority: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Queries by the name of the metric. */
  readonly metrics: Readonly<Record<string, string>>;
}

/** An automatic deployment of a hub. */
export interface HubDeployment extends DeploymentSettings {
  readonly id: string;
  readonly etag: string;
  readonly content: DeploymentContent;
  /** ISO 8601. */
  readonly createdTime: string;
  /** How many devices each metric counts: the hub's own (`targetedCount`, `appliedCount` …) and those asked for. */
  readonly results: Readonly<Record<string, number>>;
}

export interface NewDeployment extends Partial<DeploymentSettings> {
  /** 1 to 128 characters of a-z 0-9 - and some signs. */
  readonly id: string;
  readonly content: DeploymentContent;
}

/** Automatic deployments of a hub. */
export interface HubDeployments {
  list(): Promise<readonly HubDeployment[]>;
  get(id: string): Promise<HubDeployment>;
  /** @throws IotHubError `HubConflict` when there is one of this id */
  create(deployment: NewDeployment): Promise<HubDeployment>;
  /**
   * Changes a deployment that is still as it was read.
   *
   * @throws IotHubError `HubConflict` when somebody else has changed it since
   */
  update(read: HubDeployment, settings: Partial<DeploymentSettings>): Promise<HubDeployment>;
  remove(id: string): Promise<void>;
}

export function hubDeployments({ call }: HubAccess): HubDeployments {
  return {
    list: async () =>
      (await call('list the deployments', (hub) => hub.getConfigurations())).responseBody.map(deploymentOf),
    get: async (id) =>
      deploymentOf((await call(`read the deployment "${id}"`, (hub) => hub.getConfiguration(id))).responseBody),
    create: async ({ id, content, ...settings }) => {
      const made = { schemaVersion: '1.0', id, content, ...settingsJson({ ...DEFAULTS, ...settings }) };
      const answer = await call(`create the deployment "${id}"`, (hub) => hub.addConfiguration(made as Configuration));
      return deploymentOf(answer.responseBody);
    },
    update: async (read, settings) => {
      const { id, content, etag } = read;
      const changed = { schemaVersion: '1.0', id, content, etag, ...settingsJson({ ...read, ...settings }) };
      const answer = await call(`change the deployment "${id}"`, (hub) =>
        hub.updateConfiguration(changed as unknown as Configuration),
      );
      return deploymentOf(answer.responseBody);
    },
    remove: async (id) => {
      await call(`delete the deployment "${id}"`, (hub) => hub.removeConfiguration(id));
    },
  };
}

const DEFAULTS: DeploymentSettings = { targetCondition: '', priority: 0, labels: {}, metrics: {} };

function settingsJson({ targetCondition, priority, labels, metrics }: DeploymentSettings): object {
  return { targetCondition, priority, labels, metrics: { queries: metrics, results: {} } };
}

interface ConfigurationJson {
  readonly id: string;
  readonly etag?: string;
  readonly content?: DeploymentContent;
  readonly targetCondition?: string;
  readonly priority?: number;
  readonly labels?: Readonly<Record<string, string>> | null;
  readonly createdTimeUtc?: string | Date;
  readonly metrics?: MetricsJson;
  readonly systemMetrics?: MetricsJson;
}

interface MetricsJson {
  readonly queries?: Readonly<Record<string, string>>;
  readonly results?: Readonly<Record<string, number>>;
}

function deploymentOf(configuration: Configuration): HubDeployment {
  const json = configuration as unknown as ConfigurationJson;
  return {
    id: json.id,
    etag: json.etag ?? '*',
    content: json.content ?? {},
    targetCondition: json.targetCondition ?? '',
    priority: json.priority ?? 0,
    labels: json.labels ?? {},
    metrics: json.metrics?.queries ?? {},
    createdTime: new Date(json.createdTimeUtc ?? 0).toISOString(),
    results: { ...json.systemMetrics?.results, ...json.metrics?.results },
  };
}
