import type { EventSink } from '@edgewright/contract';
import type { EndpointRecord, EndpointRouter, EndpointVersionRecord, ServiceSpec, Target } from '@edgewright/deployers';
import { appFoldersOf } from './app-folders.ts';
import { readSettings } from './deploy-input.ts';
import type { DeployInput } from './deploy-input.ts';
import { readyPart, requireEndpoints } from './endpoint-parts.ts';
import { requireShared, sharedSettings, versionSettings } from './endpoint-settings.ts';
import { keptImage } from './kept-image.ts';
import { makeServiceSpec } from './make-service-spec.ts';
import type { SpecParts } from './make-service-spec.ts';
import { openTarget } from './open-target.ts';
import { servicePlan } from './service-plan.ts';
import type { ServicePlan } from './service-plan.ts';
import { thisProcess } from './this-process.ts';

/** What decides the traffic of a version. */
export interface TrafficInput {
  /** Per cent, 0 to 100; of the default version it does not count: that one gets the rest. */
  readonly trafficPercentile?: number | undefined;
  /** Makes it the default version; the one that was is not any more. */
  readonly isDefault?: boolean | undefined;
  /** Makes it the version that the others are compared with. */
  readonly isControlVersion?: boolean | undefined;
}

/** A version to create; `name` is the endpoint's. */
export interface CreateVersionInput extends Omit<DeployInput, 'overwrite' | 'wait'>, TrafficInput {
  /** Default for the first version: the name of the endpoint. */
  readonly versionName?: string | undefined;
}

/** What of a version is to change; the rest stays. */
export interface UpdateVersionInput extends Partial<Omit<CreateVersionInput, 'name' | 'computeTarget'>> {
  readonly name: string;
  readonly versionName: string;
}

/** What of an endpoint is to change; the rest stays. */
export interface UpdateEndpointInput extends Pick<DeployInput, 'name' | 'overrides' | 'signal'> {
  readonly deploymentConfig?: DeployInput['deploymentConfig'];
}

/** What changing an endpoint needs of a workspace. */
export interface EndpointParts extends SpecParts {
  readonly events: EventSink;
}

/** Changes of endpoints: versions come and go one at a time, and traffic moves only to versions that are healthy. */
export class EndpointChange {
  readonly #parts: EndpointParts;

  constructor(parts: EndpointParts) {
    this.#parts = parts;
  }

  async create(input: CreateVersionInput): Promise<EndpointRecord> {
    const { store } = this.#parts;
    const { record, version, target, router } = await this.#newVersion(input, false);
    const next = await withVersion(record, { ...version, isReady: true });
    await router.plan(readyPart(next));
    // until it is healthy it has no part in the traffic, also when this process ends before
    const role = record.versions.length === 0 ? {} : { isDefault: false, isControl: false, trafficPercentile: 0 };
    store.putEndpoint({ ...record, versions: [...record.versions, { ...version, ...role }] });
    try {
      await this.#drive(target, { spec: version.spec, signal: input.signal });
    } catch (error) {
      await target.remove(version.spec);
      await appFoldersOf(version.spec.name, this.#parts.folders).remove();
      if (record.versions.length === 0) store.deleteEndpoint(record.name);
      else store.putEndpoint(record);
      throw error;
    }
    return await this.#route(next, router);
  }

  async plan(input: CreateVersionInput): Promise<ServicePlan> {
    const { record, version, target, router } = await this.#newVersion(input, true);
    const next = await withVersion(record, { ...version, isReady: true });
    const plan = await target.plan(version.spec);
    return servicePlan({ ...plan, changes: [...plan.changes, ...(await router.plan(readyPart(next)))] });
  }

  async update(input: UpdateVersionInput): Promise<EndpointRecord> {
    const { requireVersion } = await import('@edgewright/deployers');
    const record = this.#parts.store.getEndpoint(input.name);
    const former = requireVersion(record, input.versionName);
    if (former.isDefault && input.isDefault === false) throw await noDefault(record.name, former.name);
    const target = await this.#open(record);
    const router = await requireEndpoints(target);
    const changed = { ...former, ...trafficOf(input, former), updatedTime: new Date().toISOString() };
    const next = await withVersion(record, changed);
    await router.plan(readyPart(next));
    const { models, inferenceConfig, deploymentConfig, overrides = {}, image } = input;
    const isSame = [models, inferenceConfig, deploymentConfig, image].every((part) => part === undefined);
    if (isSame && Object.keys(overrides).length === 0) return await this.#route(next, router);
    const made = await this.#revision(input, { record, former });
    await this.#drive(target, { spec: made.spec, former: former.spec, signal: input.signal });
    return await this.#route(await withVersion(next, { ...changed, ...made, isReady: true }), router);
  }

  /** Versions are changed one after the other; when one of them fails, those before it go back too. */
  async updateShared(input: UpdateEndpointInput): Promise<EndpointRecord> {
    const { makeCredentials, requireVersion } = await import('@edgewright/deployers');
    const record = this.#parts.store.getEndpoint(input.name);
    const settings = await readSettings(input.deploymentConfig ?? {}, input.overrides, { ...record.settings });
    const target = await this.#open(record);
    const router = await requireEndpoints(target);
    const credentials = await makeCredentials(
      settings,
      record.credentials,
      thisProcess().variable('APPLICATIONINSIGHTS_CONNECTION_STRING'),
    );
    const changed: EndpointVersionRecord[] = [];
    try {
      for (const version of record.versions) {
        const own = versionSettings({
          ...version.spec.settings,
          ...sharedSettings({ settings }),
        });
        const spec = { ...version.spec, settings: own, credentials, revision: version.spec.revision + 1 };
        await this.#drive(target, { spec, former: version.spec, signal: input.signal });
        changed.push({ ...version, spec });
      }
    } catch (error) {
      for (const { name, spec } of changed) {
        const former = requireVersion(record, name);
        await this.#drive(target, { spec: former.spec, former: spec });
      }
      throw error;
    }
    const updatedTime = new Date().toISOString();
    return await this.#route({ ...record, settings, credentials, versions: changed, updatedTime }, router);
  }

  async remove(name: string, versionName: string): Promise<EndpointRecord> {
    const { requireVersion } = await import('@edgewright/deployers');
    const { store, folders, events } = this.#parts;
    const record = store.getEndpoint(name);
    const version = requireVersion(record, versionName);
    if (version.isDefault) throw await noDefault(name, versionName);
    const target = await this.#open(record);
    const versions = record.versions.filter((one) => one.name !== versionName);
    const next = await this.#route({ ...record, versions }, await requireEndpoints(target));
    await target.remove(version.spec);
    await appFoldersOf(version.spec.name, folders).remove();
    events({ stage: 'endpoint.version', state: 'done', text: `the version ${versionName} of ${name} is gone` });
    return next;
  }

  /** The endpoint before, and the version that would be new. */
  async #newVersion(input: CreateVersionInput, isDry: boolean) {
    const { checkServiceName, requireNewVersion, versionServiceName } = await import('@edgewright/deployers');
    const { store } = this.#parts;
    checkServiceName(input.name);
    const known = store.findEndpoint(input.name);
    const name = input.versionName ?? input.name;
    const serviceName = versionServiceName(input.name, name);
    if (known !== undefined) requireNewVersion(known, name);
    for (const taken of known === undefined ? [input.name, serviceName] : [serviceName]) store.former(taken, false);
    const base = known === undefined ? {} : sharedSettings(known);
    const settings = await readSettings(input.deploymentConfig, input.overrides, base);
    if (known !== undefined) await requireShared(settings, known);
    const computeTarget = input.computeTarget ?? known?.computeTarget;
    const specInput = { ...input, name: serviceName, settings: versionSettings(settings), isDry };
    const place = computeTarget === undefined ? {} : { computeTarget };
    const { spec, inferenceConfig } = await makeServiceSpec({ ...specInput, ...place }, undefined, this.#parts);
    const now = new Date().toISOString();
    const credentials = known?.credentials ?? spec.credentials;
    const target = await this.#open(spec);
    const version: EndpointVersionRecord = {
      name,
      spec: { ...spec, credentials, endpoint: { name: input.name, version: name } },
      ...trafficOf(input, { trafficPercentile: 0, isDefault: known === undefined, isControl: false }),
      isReady: false,
      ...(inferenceConfig === undefined ? {} : { inferenceConfig }),
      createdTime: now,
      updatedTime: now,
    };
    const placed = spec.computeTarget === undefined ? {} : { computeTarget: spec.computeTarget };
    const fresh: EndpointRecord = { name: input.name, settings, credentials, versions: [], createdTime: now, updatedTime: now, ...placed }; // prettier-ignore
    return { record: known ?? fresh, version, target, router: await requireEndpoints(target) };
  }

  /** The next revision of a version. */
  async #revision(
    input: UpdateVersionInput,
    { record, former }: { record: EndpointRecord; former: EndpointVersionRecord },
  ): Promise<Pick<EndpointVersionRecord, 'spec' | 'inferenceConfig'>> {
    const { spec: before } = former;
    const base = { ...(input.deploymentConfig === undefined ? before.settings : {}), ...sharedSettings(record) };
    const settings = await readSettings(input.deploymentConfig ?? {}, input.overrides, base);
    await requireShared(settings, record);
    const { spec, inferenceConfig } = await makeServiceSpec(
      {
        ...input,
        name: before.name,
        models: input.models ?? before.models,
        inferenceConfig: input.inferenceConfig ?? former.inferenceConfig,
        image: input.image ?? keptImage(former, input),
        deploymentConfig: {},
        settings: versionSettings(settings),
        isDry: false,
      },
      former,
      this.#parts,
    );
    const endpoint = { name: record.name, version: former.name };
    return {
      spec: { ...spec, credentials: record.credentials, endpoint },
      ...(inferenceConfig === undefined ? {} : { inferenceConfig }),
    };
  }

  async #route(record: EndpointRecord, router: EndpointRouter): Promise<EndpointRecord> {
    const { trafficShares } = await import('@edgewright/deployers');
    const { store, events } = this.#parts;
    const ready = readyPart(record);
    await router.apply(ready);
    store.putEndpoint(record);
    const shares = trafficShares(record.name, ready.versions).map(({ version, percent }) => `${version} ${percent}%`);
    events({ stage: 'endpoint.traffic', state: 'done', text: `traffic of ${record.name}: ${shares.join(', ')}` });
    return record;
  }

  async #drive(target: Target, { spec, former, signal }: Drive): Promise<void> {
    const { driveDeployment } = await import('@edgewright/deployers');
    const more = { ...(signal === undefined ? {} : { signal }), ...(former === undefined ? {} : { former }) };
    await driveDeployment({ target, spec, events: this.#parts.events, ...more });
  }

  async #open({ settings, computeTarget }: Pick<ServiceSpec, 'settings' | 'computeTarget'>): Promise<Target> {
    return await openTarget(settings.computeType, computeTarget, this.#parts);
  }
}

/** A version to bring to a state, and the state to go back to. */
interface Drive {
  readonly spec: ServiceSpec;
  readonly former?: ServiceSpec;
  readonly signal?: AbortSignal | undefined;
}

type Traffic = Pick<EndpointVersionRecord, 'trafficPercentile' | 'isDefault' | 'isControl'>;

function trafficOf({ trafficPercentile, isDefault, isControlVersion }: TrafficInput, before: Traffic): Traffic {
  return {
    trafficPercentile: trafficPercentile ?? before.trafficPercentile,
    isDefault: isDefault === true || before.isDefault,
    isControl: isControlVersion ?? before.isControl,
  };
}

/** Checked before anything is made of it. */
async function withVersion(record: EndpointRecord, version: EndpointVersionRecord): Promise<EndpointRecord> {
  const { trafficShares, withRoles } = await import('@edgewright/deployers');
  const versions = withRoles(record.versions, version);
  trafficShares(record.name, versions);
  return { ...record, versions, updatedTime: version.updatedTime };
}

async function noDefault(endpoint: string, version: string) {
  const { DeployersError } = await import('@edgewright/deployers');
  return new DeployersError('TrafficInvalid', `${version} is the default version of ${endpoint}: make another one the default first, by \`update-version --is-default\`; \`endpoint realtime delete\` ends all`, { details: { endpoint, version } }); // prettier-ignore
}
