import { ContainerInstanceManagementClient } from '@azure/arm-containerinstance';
import type { ContainerGroup } from '@azure/arm-containerinstance';
import type { TokenCredential } from '@azure/identity';
import { messageOf } from '@edgewright/contract';
import { DeployersError } from '../deployers-error.ts';
import { explainFailure } from '../explain-failure.ts';
import type { ServiceSpec } from '../service-spec.ts';
import type { Observation, Plan, Target } from '../target.ts';
import { CONTAINER, containerGroupOf, PORT, REVISION_TAG } from './container-group.ts';
import type { AciPlace } from './container-group.ts';
import { changedFixedProperties } from './fixed-properties.ts';

export interface AciTargetOptions extends AciPlace {
  readonly credential: TokenCredential;
  /** Asks whether a service answers at a URL. */
  readonly isReady: (url: string) => Promise<boolean>;
  /** Azure Resource Manager; default: the public cloud's. */
  readonly endpoint?: string | undefined;
  /** Certificates to trust beside those of the system, PEM; for clouds that are not public. */
  readonly ca?: string | undefined;
  readonly pollMs?: number;
}

const LOG_LINES = 200;

/** Runs services on Azure Container Instances, each as a container group with one container. */
export class AciTarget implements Target {
  readonly computeType = 'ACI';
  readonly pollMs: number;
  readonly patienceMs = 900_000;
  readonly #options: AciTargetOptions;
  readonly #client: ContainerInstanceManagementClient;

  constructor(options: AciTargetOptions) {
    this.#options = options;
    this.pollMs = options.pollMs ?? 5000;
    this.#client = new ContainerInstanceManagementClient(options.credential, options.subscriptionId, {
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
      // handed on to the transport, though the client's types do not say so
      ...(options.ca === undefined ? {} : { tlsOptions: { ca: options.ca } }),
    });
  }

  async plan(spec: ServiceSpec): Promise<Plan> {
    const present = await this.#get(spec.name);
    const subject = `container group ${this.#options.resourceGroup}/${spec.name}`;
    const group = containerGroupOf(spec, this.#options);
    if (present === undefined) return { spec, changes: [{ action: 'create', subject }] };
    this.#requireOurs(present, spec.name);
    const revision = present.tags?.[REVISION_TAG] ?? 'unknown';
    const fixed = changedFixedProperties(present, group);
    const how =
      fixed.length === 0
        ? 'its container starts anew'
        : `ACI cannot change ${fixed.join(', ')} in place, so the group is deleted and made anew`;
    const reason = `revision ${revision} becomes ${spec.revision}; ${how}`;
    return { spec, changes: [{ action: 'update', subject, reason }] };
  }

  async apply({ spec }: Plan): Promise<void> {
    const present = await this.#get(spec.name);
    if (present !== undefined) this.#requireOurs(present, spec.name);
    const group = containerGroupOf(spec, this.#options);
    if (present !== undefined && changedFixedProperties(present, group).length > 0) await this.#delete(spec.name);
    await this.#call(`create the container group ${spec.name}`, () =>
      this.#client.containerGroups.beginCreateOrUpdate(this.#options.resourceGroup, spec.name, group),
    );
  }

  async observe(spec: ServiceSpec): Promise<Observation | undefined> {
    const group = await this.#get(spec.name);
    if (group === undefined) return undefined;
    const revision = Number(group.tags?.[REVISION_TAG] ?? 0);
    const url = urlOf(group, spec);
    const failure = await this.#failureOf(group, spec);
    if (failure !== undefined) {
      return {
        state: 'Failed',
        revision: undefined,
        stage: `failed in the stage ${failure.stage}`,
        url,
        failure: { ...failure, revision },
      };
    }
    const current = group.containers[0]?.instanceView?.currentState;
    const isRunning = group.provisioningState === 'Succeeded' && current?.state === 'Running';
    const isReady = isRunning && url !== undefined && (await this.#options.isReady(url));
    const replicas = { desired: 1, ready: isReady ? 1 : 0 };
    if (isReady) return { state: 'Healthy', revision, stage: 'serving', url, replicas };
    const stage = isRunning
      ? 'running, and not ready yet'
      : [group.provisioningState, current?.detailStatus].filter(Boolean).join(', ') || 'accepted';
    return { state: 'Transitioning', revision: undefined, stage, url, replicas };
  }

  /** ACI has no files that change: the group is sent again, and its container starts anew. */
  async setCredentials(spec: ServiceSpec): Promise<void> {
    await this.apply({ spec, changes: [] });
  }

  async logs(spec: ServiceSpec, lines: number): Promise<readonly string[]> {
    const { content = '' } = await this.#call('read the log', () =>
      this.#client.containers.listLogs(this.#options.resourceGroup, spec.name, CONTAINER, { tail: lines }),
    );
    return content
      .split('\n')
      .filter((line) => line !== '')
      .slice(-lines);
  }

  async remove(spec: ServiceSpec): Promise<void> {
    const present = await this.#get(spec.name);
    if (present === undefined) return;
    this.#requireOurs(present, spec.name);
    await this.#delete(spec.name);
  }

  async #delete(name: string): Promise<void> {
    await this.#call(`delete the container group ${name}`, () =>
      this.#client.containerGroups.beginDeleteAndWait(this.#options.resourceGroup, name, {
        updateIntervalInMs: this.pollMs,
      }),
    );
  }

  async #failureOf(group: ContainerGroup, spec: ServiceSpec) {
    const view = group.containers[0]?.instanceView;
    const pull = view?.events?.findLast(({ name, type }) => type === 'Warning' && /pull/i.test(name ?? ''));
    const hasRun = view?.currentState?.state === 'Running' || view?.previousState !== undefined;
    if (pull !== undefined && !hasRun) {
      const likelyCause = 'Azure cannot pull the image: check its name, and the identity of the compute target.';
      return { stage: 'pull', message: pull.message ?? pull.name ?? '', likelyCause, log: [] };
    }
    const ended = [view?.currentState, view?.previousState].find((state) => state?.state === 'Terminated');
    if (ended !== undefined && view?.currentState?.state !== 'Running') {
      const log = await this.logs(spec, LOG_LINES).catch((): string[] => []);
      return explainFailure({ exitCode: ended.exitCode, signal: undefined, log });
    }
    if (group.provisioningState !== 'Failed') return undefined;
    const event = group.instanceView?.events?.at(-1);
    const likelyCause = 'Azure could not make the container group; the region may lack room.';
    return { stage: 'schedule', message: event?.message ?? 'provisioning failed', likelyCause, log: [] };
  }

  async #get(name: string): Promise<ContainerGroup | undefined> {
    try {
      return await this.#call(`read the container group ${name}`, () =>
        this.#client.containerGroups.get(this.#options.resourceGroup, name),
      );
    } catch (error) {
      if (error instanceof DeployersError && error.details['reason'] === 'ResourceNotFound') return undefined;
      throw error;
    }
  }

  #requireOurs(group: ContainerGroup, name: string): void {
    if (group.tags?.[REVISION_TAG] !== undefined) return;
    throw new DeployersError('AzureRefused', `the container group ${name} in ${this.#options.resourceGroup} was not made by edgewright, and is left alone`); // prettier-ignore
  }

  async #call<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (cause) {
      const { code, statusCode, details } = cause as { code?: unknown; statusCode?: unknown; details?: unknown };
      const inner = (details as { error?: { code?: unknown; message?: unknown } } | undefined)?.error;
      const reason = typeof inner?.code === 'string' ? inner.code : code;
      const message = typeof inner?.message === 'string' ? inner.message : messageOf(cause);
      throw new DeployersError('AzureRefused', `cannot ${what}: ${message}`, {
        details: {
          reason: typeof reason === 'string' ? reason : null,
          status: typeof statusCode === 'number' ? statusCode : null,
        },
        cause,
      });
    }
  }
}

function urlOf({ ipAddress }: ContainerGroup, { settings }: ServiceSpec): string | undefined {
  const isSecure = settings.computeType === 'ACI' && settings.sslEnabled;
  const host = (isSecure ? settings.cname : undefined) ?? ipAddress?.fqdn ?? ipAddress?.ip;
  return host === undefined ? undefined : `${isSecure ? 'https' : 'http'}://${host}:${PORT}`;
}
