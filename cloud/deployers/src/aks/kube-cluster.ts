import { CoreV1Api, KubeConfig, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node';
import type { KubernetesObject, V1APIResource, V1Pod } from '@kubernetes/client-node';
import { messageOf } from '@edgewright/contract';
import { DeployersError } from '../deployers-error.ts';
import type { KubernetesManifest } from './kubernetes-manifest.ts';

export interface KubeClusterOptions {
  /** A kubeconfig file. */
  readonly kubeconfig: string;
  /** Default: the current one of the file. */
  readonly context?: string | undefined;
}

/** Names an object. */
export type ObjectName = Pick<KubernetesManifest, 'apiVersion' | 'kind' | 'metadata'>;

export interface LogSelection {
  readonly container: string;
  /** Of the container before the one that runs. */
  readonly previous?: boolean;
  readonly lines: number;
}

/** Who made a field, for Kubernetes: what others set beside it stays. */
export const FIELD_MANAGER = 'edgewright';
const LOG_LIMIT_BYTES = 16 * 1024 * 1024;
const OWNER_LABEL = 'app.kubernetes.io/managed-by';

/** The client's own table of what a cluster serves, which it keeps to itself. */
class ObjectApi extends KubernetesObjectApi {
  async find(apiVersion: string, kind: string): Promise<V1APIResource | undefined> {
    return await this.resource(apiVersion, kind);
  }
}

/** A Kubernetes cluster as edgewright uses one: objects read, applied and deleted, pods and their logs. */
export class KubeCluster {
  readonly #objects: ObjectApi;
  readonly #core: CoreV1Api;

  /** @throws DeployersError `ClusterUnusable` when the kubeconfig cannot be read */
  constructor({ kubeconfig, context }: KubeClusterOptions) {
    const config = new KubeConfig();
    try {
      config.loadFromFile(kubeconfig);
      if (context !== undefined) config.setCurrentContext(context);
      if (config.getCurrentCluster() === null) throw new TypeError(`it has no context "${config.getCurrentContext()}"`);
    } catch (cause) {
      throw new DeployersError('ClusterUnusable', `cannot use the kubeconfig ${kubeconfig}: ${messageOf(cause)}`, {
        details: { kubeconfig },
        cause,
      });
    }
    this.#objects = config.makeApiClient(ObjectApi);
    this.#core = config.makeApiClient(CoreV1Api);
  }

  /** Whether the cluster has a kind; those of extensions may be missing. */
  async serves(apiVersion: string, kind: string): Promise<boolean> {
    try {
      return (await this.#call(`ask for ${kind}`, () => this.#objects.find(apiVersion, kind))) !== undefined;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** The names of all objects of a kind that has no namespace. */
  async names(apiVersion: string, kind: string): Promise<string[]> {
    const { items } = await this.#call(`list ${kind}`, () => this.#objects.list(apiVersion, kind));
    return items.flatMap(({ metadata }) => (metadata?.name === undefined ? [] : [metadata.name]));
  }

  async read<Kind extends KubernetesObject = KubernetesObject>({
    apiVersion,
    kind,
    metadata,
  }: ObjectName): Promise<Kind | undefined> {
    const { name, namespace } = metadata;
    try {
      return (await this.#call(`read ${kind} ${name}`, () =>
        this.#objects.read({ apiVersion, kind, metadata: { name, namespace } }),
      )) as Kind;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /**
   * Applies an object: its fields become those of edgewright, whoever had them.
   *
   * @param isDry says only what would become of it
   */
  async apply(object: KubernetesManifest, isDry = false): Promise<KubernetesObject> {
    const what = `${isDry ? 'plan' : 'apply'} ${object.kind} ${object.metadata.namespace}/${object.metadata.name}`;
    return await this.#call(what, () => this.#patch(object, { isDry, fieldManager: FIELD_MANAGER }));
  }

  /** Hands fields over to somebody else, so that applying without them leaves them as they are. */
  async handOver(object: KubernetesManifest, fieldManager: string): Promise<void> {
    await this.#call(`hand over ${object.kind} ${object.metadata.name}`, () =>
      this.#patch(object, { isDry: false, fieldManager }),
    );
  }

  /** Deletes an object, and what belongs to it; nothing happens when it is not there. */
  async delete({ apiVersion, kind, metadata: { name, namespace } }: ObjectName): Promise<void> {
    const object = { apiVersion, kind, metadata: { name, namespace } };
    try {
      await this.#call(`delete ${kind} ${name}`, () =>
        this.#objects.delete(object, undefined, undefined, undefined, undefined, 'Background'),
      );
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async pods(namespace: string, labels: Readonly<Record<string, string>>): Promise<V1Pod[]> {
    const labelSelector = selectorText(labels);
    return (await this.#call('list pods', () => this.#core.listNamespacedPod({ namespace, labelSelector }))).items;
  }

  /** The last lines of a container; none where it never ran. */
  async podLog(pod: V1Pod, { container, previous = false, lines }: LogSelection): Promise<readonly string[]> {
    const { name = '', namespace = '' } = pod.metadata ?? {};
    const text = await this.#core
      .readNamespacedPodLog({ name, namespace, container, previous, tailLines: lines, limitBytes: LOG_LIMIT_BYTES })
      // a container that never ran has no log
      .catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  }

  async #patch(
    object: KubernetesManifest,
    { isDry, fieldManager }: { isDry: boolean; fieldManager: string },
  ): Promise<KubernetesObject> {
    const dryRun = isDry ? 'All' : undefined;
    return await this.#objects.patch(object, undefined, dryRun, fieldManager, true, PatchStrategy.ServerSideApply);
  }

  async #call<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (cause) {
      const { code, body } = cause as { code?: unknown; body?: unknown };
      throw new DeployersError('ClusterRefused', `cannot ${what}: ${reasonOf(body) ?? messageOf(cause)}`, {
        details: { status: typeof code === 'number' ? code : null },
        cause,
      });
    }
  }
}

/** Whether an object was made by edgewright; what was not is neither changed nor deleted. */
export function isOurs(object: KubernetesObject): boolean {
  return object.metadata?.labels?.[OWNER_LABEL] === 'edgewright';
}

/**
 * Refuses an object that somebody else made under a name that edgewright wants.
 *
 * @throws DeployersError `ClusterRefused`
 */
export function requireOurs(object: KubernetesObject, subject: string): void {
  if (isOurs(object)) return;
  throw new DeployersError(
    'ClusterRefused',
    `${subject} was not made by edgewright, and is left alone: choose another name or namespace, or label it ${OWNER_LABEL}=edgewright to hand it over`,
    { details: { subject } },
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof DeployersError && error.details['status'] === 404;
}

function selectorText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** The message of a Kubernetes `Status`. */
function reasonOf(body: unknown): string | undefined {
  const status: unknown = typeof body === 'string' ? safeParse(body) : body;
  const { message } = (status ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : undefined;
}

function safeParse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
