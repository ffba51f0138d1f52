import { performance } from 'node:perf_hooks';
import { messageOf } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import type { Hub } from '../hub/hub.ts';
import { differenceBetween } from '../hub/twin-section.ts';
import type { TwinSection } from '../hub/twin.ts';
import { answerAgentMethod } from './agent-methods.ts';
import { AgentMetrics } from './agent-metrics.ts';
import { agentReport } from './agent-report.ts';
import type { AgentSituation } from './agent-report.ts';
import type { AgentTimings } from './agent-timings.ts';
import type { LogLine } from './module-log.ts';
import type { ModuleRunner } from './module-runner.ts';
import { environmentOf, readDeployment } from './module-spec.ts';
import type { Deployment, DeploymentStatus, ModuleSpec } from './module-spec.ts';
import type { ModuleState } from './module-state.ts';
import { ModuleSupervisor } from './module-supervisor.ts';

/** Changes within this time are reported together, in milliseconds. */
const REPORT_DELAY_MS = 50;
const AGENT = '$edgeAgent';
/** What edgeAgent reports of a device that nobody has deployed to. */
const NO_DEPLOYMENT = 417;

export interface EdgeAgentOptions {
  readonly hub: Hub;
  readonly deviceId: string;
  readonly runner: ModuleRunner;
  readonly timings: AgentTimings;
  /** What a module is given to find edgeHub and to prove who it is. */
  readonly environment: (moduleId: string) => Promise<Readonly<Record<string, string>>>;
  /** Called when a module is gone for good. */
  readonly onRemoved: (moduleId: string) => Promise<void>;
  readonly log: (moduleId: string) => Promise<readonly LogLine[]>;
  /** Told of the `env` of the system module edgeHub with every deployment. */
  readonly onEdgeHubEnvironment: (environment: Readonly<Record<string, string>>) => void;
  /** A folder on the disk whose space is reported. */
  readonly directory: string;
  readonly emit: EventSink;
}

/**
 * The edge agent of one device: runs the modules that the desired properties of `$edgeAgent` name, follows their changes,
 * and reports how the modules fare.
 */
export class EdgeAgent implements AsyncDisposable {
  readonly #options: EdgeAgentOptions;
  readonly #modules = new Map<string, ModuleSupervisor>();
  readonly #attachments: Disposable[];
  readonly #metrics: AgentMetrics;
  readonly #startedAt: string;
  #isOnline = true;
  #isDisposed = false;
  #seenVersion = 0;
  #status: DeploymentStatus = { code: 406, description: '' };
  #deployment: Extract<Deployment, { ok: true }> | undefined;
  #working: Promise<void> = Promise.resolve();
  #reportTimer: NodeJS.Timeout | undefined;

  constructor(options: EdgeAgentOptions) {
    this.#options = options;
    const { hub, deviceId } = options;
    this.#startedAt = new Date(hub.now()).toISOString();
    this.#metrics = new AgentMetrics({
      hubHostName: hub.hostName,
      deviceId,
      directory: options.directory,
      now: hub.now,
      modules: () =>
        [...this.#modules.values()].map(({ spec, state }) => ({ isWanted: spec.status === 'running', state })),
    });
    hub.setConnectionState(deviceId, AGENT, 'Connected');
    this.#attachments = [
      hub.onDesired(deviceId, AGENT, (_patch, full) => {
        if (this.#isOnline) this.#follow(full);
      }),
      hub.attachMethods(deviceId, AGENT, async (name, payload) => await this.#answer(name, payload)),
    ];
    this.#follow(hub.twin(deviceId, AGENT).desired);
  }

  /** The modules of the deployment. */
  states(): ModuleState[] {
    return [...this.#modules.values()].map((module) => module.state);
  }

  /** Its metrics in Prometheus' text format. */
  async metrics(): Promise<string> {
    return await this.#metrics.text();
  }

  specs(): ModuleSpec[] {
    return [...this.#modules.values()].map((module) => module.spec);
  }

  /** While the device is offline its agent hears of no deployment and reports nothing. */
  setOnline(isOnline: boolean): void {
    this.#isOnline = isOnline;
    const { hub, deviceId } = this.#options;
    hub.setConnectionState(deviceId, AGENT, isOnline ? 'Connected' : 'Disconnected');
    if (!isOnline) return;
    this.#follow(hub.twin(deviceId, AGENT).desired);
    this.#reportSoon();
  }

  /** Ends all modules. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    for (const attachment of this.#attachments) attachment[Symbol.dispose]();
    const stopped = [...this.#modules.values()].map((module) => module[Symbol.asyncDispose]());
    await Promise.all(stopped);
    await this.#working;
    await Promise.all([...this.#modules.values()].map((module) => module[Symbol.asyncDispose]()));
    clearTimeout(this.#reportTimer);
    const { hub, deviceId } = this.#options;
    if (hub.identity(deviceId, AGENT) === undefined) return;
    this.#report();
    hub.setConnectionState(deviceId, AGENT, 'Disconnected');
  }

  #follow({ properties, version }: TwinSection): void {
    if (version === this.#seenVersion) return;
    this.#seenVersion = version;
    const deployment = readDeployment(properties);
    this.#metrics.synchronised(deployment.ok);
    if (!deployment.ok) {
      this.#status = deployment.status;
      const { code, description } = deployment.status;
      if (code === NO_DEPLOYMENT) this.#note('done', 'There is no deployment yet');
      else this.#note('failed', `Deployment ${version} is not used: ${description}`);
      this.#reportSoon();
      return;
    }
    this.#deployment = deployment;
    this.#status = { code: 200, description: '' };
    this.#options.onEdgeHubEnvironment(environmentOf(deployment.desired.systemModules.edgeHub.env));
    // one deployment after the other
    this.#working = this.#working.then(async () => {
      if (this.#isDisposed || deployment !== this.#deployment) return;
      const start = performance.now();
      await this.#apply(deployment.modules);
      this.#metrics.deployed(performance.now() - start);
      this.#note('done', `Deployment ${version} is applied: ${deployment.modules.length} modules`);
    });
  }

  async #apply(wanted: readonly ModuleSpec[]): Promise<void> {
    const specs = new Map(wanted.map((spec) => [spec.name, spec]));
    const leaving = [...this.#modules.values()].filter(({ spec }) => !isSame(spec, specs.get(spec.name)));
    await Promise.all(leaving.map((module) => this.#remove(module, specs.has(module.spec.name))));
    const orders = [...new Set(wanted.map((spec) => spec.startupOrder))].toSorted((a, b) => a - b);
    for (const order of orders) {
      const group = wanted.filter((spec) => spec.startupOrder === order && !this.#modules.has(spec.name));
      await Promise.all(group.map((spec) => this.#start(spec)));
    }
    this.#reportSoon();
  }

  async #start(spec: ModuleSpec): Promise<void> {
    if (this.#isDisposed) return;
    const { hub, deviceId, runner, timings, environment, emit } = this.#options;
    if (hub.identity(deviceId, spec.name) === undefined) {
      hub.createModule({ deviceId, moduleId: spec.name, managedBy: 'IotEdge' });
    }
    const supervisor = new ModuleSupervisor({
      spec,
      runner,
      environment: async () => await environment(spec.name),
      timings,
      now: hub.now,
      beforeChange: () => this.#metrics.count(),
      onChange: () => this.#reportSoon(),
      onStep: (step, durationMs) => this.#metrics.stepped(step, spec, durationMs),
      emit,
    });
    this.#modules.set(spec.name, supervisor);
    await supervisor.attempted;
  }

  async #remove(module: ModuleSupervisor, isReplaced: boolean): Promise<void> {
    const { hub, deviceId, runner, onRemoved } = this.#options;
    const { name } = module.spec;
    await module[Symbol.asyncDispose]();
    this.#modules.delete(name);
    if (isReplaced) return;
    await runner.remove(name);
    await onRemoved(name);
    if (hub.identity(deviceId, name)?.managedBy === 'IotEdge') hub.removeModule(deviceId, name);
  }

  async #answer(name: string, payload: unknown) {
    const { hub, deviceId, log } = this.#options;
    this.#metrics.methodCalled(name);
    return await answerAgentMethod(name, payload, {
      hubHostName: hub.hostName,
      deviceId,
      now: hub.now,
      moduleNames: () => [...this.#modules.keys()],
      restart: async (moduleId) => await this.#modules.get(moduleId)?.restart(),
      log,
    });
  }

  #reportSoon(): void {
    if (this.#isDisposed) return;
    this.#reportTimer ??= setTimeout(() => {
      this.#reportTimer = undefined;
      this.#report();
    }, REPORT_DELAY_MS);
  }

  #report(): void {
    if (!this.#isOnline) return;
    const { hub, deviceId } = this.#options;
    try {
      const reported = hub.twin(deviceId, AGENT).reported.properties;
      const patch = differenceBetween(reported, agentReport(this.#situation()));
      if (Object.keys(patch).length > 0) hub.patchReported(deviceId, AGENT, patch);
    } catch (error) {
      this.#note('failed', `Cannot report: ${messageOf(error)}`);
    }
  }

  #situation(): AgentSituation {
    return {
      lastDesiredVersion: this.#seenVersion,
      lastDesiredStatus: this.#status,
      deployment: this.#deployment,
      modules: [...this.#modules.values()],
      startedAt: this.#startedAt,
    };
  }

  #note(state: 'done' | 'failed', text: string): void {
    const { deviceId, emit } = this.#options;
    emit({ stage: 'agent.deployment', state, text: `Edge agent of ${deviceId}: ${text}`, data: { deviceId } });
  }
}

function isSame(spec: ModuleSpec, other: ModuleSpec | undefined): boolean {
  return JSON.stringify(spec) === JSON.stringify(other);
}
