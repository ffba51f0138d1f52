import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProgressEvent } from '@edgewright/contract';
import { onTestFinished } from 'vitest';
import type { AgentTimings } from '../src/agent/agent-timings.ts';
import { CertificateAuthority } from '../src/certificates/certificate-authority.ts';
import { startEdgeDevice } from '../src/edge-device.ts';
import type { EdgeDevice, EdgeDeviceOptions } from '../src/edge-device.ts';
import { Hub } from '../src/hub/hub.ts';
import type { TelemetryRecord } from '../src/hub/telemetry-record.ts';
import type { JsonObject } from '../src/hub/twin.ts';
import { StateDatabase } from '../src/state/state-database.ts';
import { writeImage } from './image-writer.ts';
import type { TestImage } from './image-writer.ts';

export const DEVICE = 'edge-1';
const NODE_MODULES = path.resolve(import.meta.dirname, '../../../node_modules');

export interface DeployedModule {
  readonly image: string;
  readonly status?: 'running' | 'stopped';
  readonly restartPolicy?: string;
  readonly startupOrder?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly createOptions?: object;
}

/** A hub with one edge device that runs modules. Cleans up after the test. */
export class EdgeDeviceFixture {
  readonly hub: Hub;
  readonly directory: string;
  readonly events: ProgressEvent[] = [];
  readonly #authority: CertificateAuthority;
  #device: EdgeDevice | undefined;

  private constructor(hub: Hub, authority: CertificateAuthority, directory: string) {
    this.hub = hub;
    this.#authority = authority;
    this.directory = directory;
  }

  static async start(
    options: { readonly timings?: Partial<AgentTimings>; readonly device?: Partial<EdgeDeviceOptions> } = {},
  ): Promise<EdgeDeviceFixture> {
    const directory = await mkdtemp(path.join(tmpdir(), 'edgewright-device-'));
    const database = StateDatabase.open(path.join(directory, 'hub'));
    const hub = new Hub({ hostName: 'hub.test', database });
    const fixture = new EdgeDeviceFixture(hub, await CertificateAuthority.open(directory), directory);
    onTestFinished(async () => {
      await fixture.stop();
      database[Symbol.dispose]();
      await rm(directory, { recursive: true, force: true });
    });
    hub.createDevice({ deviceId: DEVICE, edge: true });
    await fixture.resume(options.timings, options.device);
    return fixture;
  }

  get device(): EdgeDevice {
    if (this.#device === undefined) throw new TypeError('the device is stopped');
    return this.#device;
  }

  get layout(): string {
    return path.join(this.directory, 'images');
  }

  async resume(timings: Partial<AgentTimings> = {}, device: Partial<EdgeDeviceOptions> = {}): Promise<void> {
    this.#device = await startEdgeDevice({
      hub: this.hub,
      deviceId: DEVICE,
      host: '127.0.0.1',
      gatewayHostName: 'localhost',
      certificates: this.#authority,
      stateDirectory: path.join(this.directory, 'device'),
      images: { layouts: [this.layout], references: {} },
      nodePath: process.execPath,
      environment: { PATH: process.env['PATH'] ?? '', NODE_PATH: NODE_MODULES },
      edgeHubTimings: { retryMinimumMs: 50, retryDeltaMs: 50, retryMaximumMs: 200, resumeAtOnce: true },
      agentTimings: { restartDelayMs: 50, maxRestartDelayMs: 400, stopGraceMs: 1000, ...timings },
      emit: (event) => this.events.push(event),
      ...device,
    });
  }

  async stop(): Promise<void> {
    await this.#device?.[Symbol.asyncDispose]();
    this.#device = undefined;
  }

  /** Writes an image whose entry point is a CommonJS program; it may require what this repository has installed. */
  async program(reference: string, source: string, image: Partial<TestImage> = {}): Promise<void> {
    await writeImage(this.layout, {
      reference,
      files: { 'app/main.cjs': source, ...image.files },
      config: { Entrypoint: ['node', '/app/main.cjs'], WorkingDir: '/app', ...image.config },
    });
  }

  /** Deploys these modules and no others, and these routes. */
  deploy(
    modules: Readonly<Record<string, DeployedModule>>,
    routes: Readonly<Record<string, string>> = {},
    edgeHubEnv: Readonly<Record<string, string>> = {},
  ): void {
    const settings = (image: string) => ({ image, createOptions: '{}' });
    const system = (image: string) => ({ type: 'docker', settings: settings(image) });
    const desired = {
      schemaVersion: '1.1',
      runtime: { type: 'docker', settings: { minDockerVersion: 'v1.25' } },
      systemModules: {
        edgeAgent: system('edge-agent:1.5'),
        edgeHub: {
          ...system('edge-hub:1.5'),
          status: 'running',
          restartPolicy: 'always',
          env: Object.fromEntries(Object.entries(edgeHubEnv).map(([key, value]) => [key, { value }])),
        },
      },
      modules: Object.fromEntries(
        Object.entries(modules).map(([name, { image, env, createOptions, ...rest }]) => [
          name,
          {
            type: 'docker',
            status: 'running',
            restartPolicy: 'always',
            ...rest,
            ...(env !== undefined && {
              env: Object.fromEntries(Object.entries(env).map(([key, value]) => [key, { value }])),
            }),
            settings: { image, createOptions: JSON.stringify(createOptions ?? {}) },
          },
        ]),
      ),
    };
    this.hub.replaceTwin({ deviceId: DEVICE, moduleId: '$edgeAgent' }, { desired });
    const edgeHub = { schemaVersion: '1.1', routes, storeAndForwardConfiguration: { timeToLiveSecs: 7200 } };
    this.hub.replaceTwin({ deviceId: DEVICE, moduleId: '$edgeHub' }, { desired: edgeHub });
  }

  /** What `$edgeAgent` reports of a module. */
  reported(moduleId: string): JsonObject | undefined {
    const { modules } = this.hub.twin(DEVICE, '$edgeAgent').reported.properties;
    return (modules as Record<string, JsonObject> | undefined)?.[moduleId];
  }

  async telemetry(count: number, timeoutMs = 20_000): Promise<TelemetryRecord[]> {
    const records: TelemetryRecord[] = [];
    for await (const record of this.hub.telemetry({ afterSequenceNumber: 0 }, AbortSignal.timeout(timeoutMs))) {
      records.push(record);
      if (records.length >= count) break;
    }
    return records;
  }

  /** Waits until a condition holds. Ends the test when it does not in time. */
  async until<Value>(what: string, condition: () => Value | undefined | false, timeoutMs = 20_000): Promise<Value> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const value = condition();
      if (value !== undefined && value !== false) return value;
      if (Date.now() > deadline) {
        const log = this.events.map(({ stage, text }) => `${stage}: ${text}`).join('\n');
        throw new TypeError(`waited in vain until ${what}\n${log}`);
      }
      await delay(20);
    }
  }
}

/** Whether a process of this id is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
