import { randomUUID } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { arch, freemem, release, totalmem, uptime } from 'node:os';
import { Counter, Gauge, Registry, Summary } from 'prom-client';
import type { ModuleState } from './module-state.ts';

const QUANTILES = [0.1, 0.5, 0.9, 0.99];

export interface AgentMetricsOptions {
  readonly hubHostName: string;
  readonly deviceId: string;
  /** The folder whose file system counts as the device's disk. */
  readonly directory: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The modules that should run, and how they fare. */
  readonly modules: () => readonly { readonly isWanted: boolean; readonly state: ModuleState }[];
}

/** What happens to a module, as edgeAgent counts it. */
export type ModuleStep = 'start' | 'stop' | 'prepare_update';

/** edgeAgent's metrics, under the names and labels of the real one (doc/BuiltInMetrics.md). */
export class AgentMetrics {
  readonly registry = new Registry();
  readonly #options: AgentMetricsOptions;
  readonly #startedAt: number;
  readonly #steps: Readonly<Record<ModuleStep, Counter>>;
  readonly #syncs = this.#counter('edgeAgent_iothub_syncs_total', 'Times that the agent read its deployment', []);
  readonly #failedSyncs = this.#counter(
    'edgeAgent_unsuccessful_iothub_syncs_total',
    'Times that the agent could not use its deployment',
    [],
  );
  readonly #methods = this.#counter('edgeAgent_direct_method_invocations_count', 'Built-in direct methods called', [
    'method_name',
  ]);
  readonly #deploymentTimes = this.#summary('edgeAgent_deployment_time_seconds', 'Time to apply a deployment', []);
  readonly #commandTimes = this.#summary('edgeAgent_command_latency_seconds', 'Time of commands', ['command']);
  readonly #running = this.#gauge(
    'edgeAgent_total_time_running_correctly_seconds',
    'How long a module ran as it should',
    ['module_name'],
  );
  readonly #expected = this.#gauge(
    'edgeAgent_total_time_expected_running_seconds',
    'How long a module should have run',
    ['module_name'],
  );
  #countedUntil: number;
  /** Reads what is only known at the moment. */
  #measure: () => Promise<void> = async () => {};

  constructor(options: AgentMetricsOptions) {
    this.#options = options;
    this.#startedAt = options.now();
    this.#countedUntil = this.#startedAt;
    const labels = ['module_name', 'module_version'];
    this.#steps = {
      start: this.#counter('edgeAgent_module_start_total', 'Times that a module was started', labels),
      stop: this.#counter('edgeAgent_module_stop_total', 'Times that a module was stopped', labels),
      prepare_update: this.#counter(
        'edgeAgent_module_prepare_update_total',
        'Times that the image of a module was got',
        labels,
      ),
    };
    this.registry.setDefaultLabels({
      iothub: options.hubHostName,
      edge_device: options.deviceId,
      instance_number: randomUUID(),
    });
    this.#describeDevice();
  }

  /** The metrics in Prometheus' text format. */
  async text(): Promise<string> {
    this.count();
    await this.#measure();
    return await this.registry.metrics();
  }

  /** @param durationMs how long the step took */
  stepped(step: ModuleStep, module: { readonly name: string; readonly version: string }, durationMs: number): void {
    this.#steps[step].inc({ module_name: module.name, module_version: module.version });
    this.#commandTimes.observe({ command: step }, durationMs / 1000);
  }

  synchronised(isUsable: boolean): void {
    this.#syncs.inc();
    if (!isUsable) this.#failedSyncs.inc();
  }

  deployed(durationMs: number): void {
    this.#deploymentTimes.observe(durationMs / 1000);
  }

  methodCalled(name: string): void {
    this.#methods.inc({ method_name: name });
  }

  /** Adds the time since it was last called, by how the modules fared; called before each change. */
  count(): void {
    const now = this.#options.now();
    const seconds = Math.max(0, now - this.#countedUntil) / 1000;
    this.#countedUntil = now;
    for (const { isWanted, state } of this.#options.modules()) {
      if (!isWanted) continue;
      this.#expected.inc({ module_name: state.name }, seconds);
      this.#running.inc({ module_name: state.name }, state.status === 'running' ? seconds : 0);
    }
  }

  #describeDevice(): void {
    const { directory, now } = this.#options;
    const metadata = this.#gauge('edgeAgent_metadata', 'What the agent runs on', [
      'edge_agent_version',
      'experimental_features',
      'host_information',
    ]);
    metadata.set(
      { edge_agent_version: '1.6', experimental_features: '{}', host_information: `linux ${release()} ${arch()}` },
      0,
    );
    const gauge = (name: string, help: string, labelNames: string[] = []) => this.#gauge(name, help, labelNames);
    const ofHost = { module_name: 'host' };
    const hostUptime = gauge('edgeAgent_host_uptime_seconds', 'Since when the machine runs');
    const uptimeOfDevice = gauge('edgeAgent_iotedged_uptime_seconds', 'Since when the simulated device runs');
    const usedMemory = gauge('edgeAgent_used_memory_bytes', 'Memory in use', ['module_name']);
    const totalMemory = gauge('edgeAgent_total_memory_bytes', 'Memory there is', ['module_name']);
    const disk = ['disk_name', 'disk_filesystem', 'disk_filetype'];
    const names = { disk_name: directory, disk_filesystem: '', disk_filetype: '' };
    const freeSpace = gauge('edgeAgent_available_disk_space_bytes', 'Free space of the disk', disk);
    const totalSpace = gauge('edgeAgent_total_disk_space_bytes', 'Size of the disk', disk);
    this.#measure = async () => {
      const { bavail, blocks, bsize } = await statfs(directory);
      freeSpace.set(names, bavail * bsize);
      totalSpace.set(names, blocks * bsize);
      usedMemory.set(ofHost, totalmem() - freemem());
      totalMemory.set(ofHost, totalmem());
      hostUptime.set(uptime());
      uptimeOfDevice.set((now() - this.#startedAt) / 1000);
    };
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #summary(name: string, help: string, labelNames: string[]): Summary {
    return new Summary({ name, help, labelNames, percentiles: QUANTILES, registers: [this.registry] });
  }

  #gauge(name: string, help: string, labelNames: string[]): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}
