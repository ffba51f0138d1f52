import { rm } from 'node:fs/promises';
import path from 'node:path';
import { isEdgewrightError, messageOf } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import { startEdgeDevice } from './edge-device.ts';
import type { EdgeDevice, EdgeDeviceOptions } from './edge-device.ts';
import type { Hub } from './hub/hub.ts';
import { SimulatorError } from './simulator-error.ts';
import type { SettingsTable } from './state/settings-table.ts';

/** How many devices are read from the registry at a time. */
const PAGE = 500;

export interface EdgeDevicesOptions extends Omit<
  EdgeDeviceOptions,
  'hub' | 'deviceId' | 'mqttPort' | 'httpsPort' | 'stateDirectory' | 'emit'
> {
  readonly hub: Hub;
  readonly settings: SettingsTable;
  /** Holds a folder for each device. */
  readonly directory: string;
  /** Where the first device's edgeHub listens; 0 for any free port. */
  readonly firstMqttPort: number;
  /** Where its HTTPS interface does; 0 for any free port. */
  readonly firstHttpsPort: number;
  readonly emit: EventSink;
}

/** The edge devices of a hub, each running from the moment it is created until it is removed. */
export class EdgeDevices implements AsyncDisposable {
  readonly #options: EdgeDevicesOptions;
  readonly #devices = new Map<string, EdgeDevice>();
  /** Why a device that should run does not. */
  readonly #failures = new Map<string, unknown>();
  readonly #subscription: Disposable;
  /** One change after the other for each device: a device that is made anew starts after its namesake has ended. */
  readonly #queues = new Map<string, Promise<void>>();
  #isClosing = false;

  private constructor(options: EdgeDevicesOptions) {
    this.#options = options;
    this.#subscription = options.hub.onIdentity(({ deviceId, moduleId }) => {
      if (moduleId === undefined && !this.#isClosing) void this.#follow(deviceId);
    });
  }

  /**
   * Starts all edge devices that the hub has.
   *
   * @throws SimulatorError `SimulatorPortInUse`, `SimulatorFailed`; those that had started have ended again
   */
  static async start(options: EdgeDevicesOptions): Promise<EdgeDevices> {
    const devices = new EdgeDevices(options);
    try {
      let after: string | undefined;
      do {
        const page = options.hub.devices(PAGE, after);
        for (const { deviceId, edge } of page) if (edge) await devices.started(deviceId);
        after = page.length === PAGE ? page.at(-1)?.deviceId : undefined;
      } while (after !== undefined);
      return devices;
    } catch (error) {
      await devices[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The edge device, once it runs; throws the failure of its start, if that is how it went. */
  async started(deviceId: string): Promise<EdgeDevice> {
    await this.settled(deviceId);
    const device = this.#devices.get(deviceId);
    if (device !== undefined) return device;
    if (this.#failures.has(deviceId)) throw this.#failures.get(deviceId);
    throw new SimulatorError('SimulatedDeviceNotFound', `"${deviceId}" is not an edge device that runs here`, {
      details: { deviceId },
    });
  }

  /** The edge device if it runs now. */
  running(deviceId: string): EdgeDevice | undefined {
    return this.#devices.get(deviceId);
  }

  /** All that run now. */
  all(): EdgeDevice[] {
    return [...this.#devices.values()];
  }

  /** Says where the device's edgeHub is to listen from its next start on. */
  fixPort(deviceId: string, mqttPort: number): void {
    this.#options.settings.set(portSetting(deviceId, 'fixed'), String(mqttPort));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    this.#subscription[Symbol.dispose]();
    await Promise.allSettled(this.#queues.values());
    const running = [...this.#devices.keys()];
    await Promise.all(running.map((deviceId) => this.#end(deviceId)));
  }

  /** Brings what runs in line with what the hub knows: starts the device, tries again to start it, or ends it. */
  async settled(deviceId: string): Promise<void> {
    const before = this.#queues.get(deviceId) ?? Promise.resolve();
    const turn = before.then(async () => {
      const identity = this.#options.hub.identity(deviceId);
      const isWanted = identity?.edge === true && identity.status === 'enabled' && !this.#isClosing;
      if (!isWanted) await this.#end(deviceId);
      // queues and unpacked images are the device's own: one that is made anew under its name begins without them
      if (identity === undefined) await rm(this.#folderOf(deviceId), { recursive: true, force: true });
      else if (isWanted && !this.#devices.has(deviceId)) await this.#begin(deviceId);
    });
    this.#queues.set(deviceId, turn);
    await turn;
    if (this.#queues.get(deviceId) === turn) this.#queues.delete(deviceId);
  }

  async #follow(deviceId: string): Promise<void> {
    try {
      await this.settled(deviceId);
    } catch (error) {
      this.#emit('failed', `edge device ${deviceId} does not end: ${messageOf(error)}`, deviceId);
    }
  }

  async #begin(deviceId: string): Promise<void> {
    this.#failures.delete(deviceId);
    try {
      this.#devices.set(deviceId, await this.#start(deviceId));
    } catch (error) {
      this.#failures.set(deviceId, error);
      this.#emit('failed', `edge device ${deviceId} does not start: ${messageOf(error)}`, deviceId);
    }
  }

  async #start(deviceId: string): Promise<EdgeDevice> {
    const { fixed, preferred } = this.#ports(deviceId);
    try {
      return await this.#startOn(deviceId, fixed ?? preferred);
    } catch (error) {
      const isTaken = isEdgewrightError(error) && error.code === 'SimulatorPortInUse';
      // the port of last time is a courtesy to clients that kept the address
      if (!isTaken || fixed !== undefined || preferred === 0) throw error;
      return await this.#startOn(deviceId, 0);
    }
  }

  async #startOn(deviceId: string, mqttPort: number): Promise<EdgeDevice> {
    const { directory: _directory, settings, firstMqttPort: _port, firstHttpsPort, ...options } = this.#options;
    const device = await startEdgeDevice({
      ...options,
      deviceId,
      mqttPort,
      httpsPort: this.#devices.size === 0 ? firstHttpsPort : 0,
      stateDirectory: this.#folderOf(deviceId),
    });
    settings.set(portSetting(deviceId, 'last'), String(device.mqttPort));
    this.#emit('done', `edge device ${deviceId} runs, its edgeHub on ${device.gateway}`, deviceId);
    return device;
  }

  async #end(deviceId: string): Promise<void> {
    this.#failures.delete(deviceId);
    const device = this.#devices.get(deviceId);
    this.#devices.delete(deviceId);
    await device?.[Symbol.asyncDispose]();
  }

  #ports(deviceId: string): { fixed: number | undefined; preferred: number } {
    const { settings, firstMqttPort } = this.#options;
    const fixed = settings.get(portSetting(deviceId, 'fixed'));
    if (fixed !== undefined) return { fixed: Number(fixed), preferred: 0 };
    if (firstMqttPort !== 0 && this.#devices.size === 0) return { fixed: firstMqttPort, preferred: 0 };
    return { fixed: undefined, preferred: Number(settings.get(portSetting(deviceId, 'last')) ?? 0) };
  }

  /** A folder for any device id; ids may hold characters that names of files may not, and dots. */
  #folderOf(deviceId: string): string {
    const encoded = (mark: string) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`;
    return path.join(this.#options.directory, encodeURIComponent(deviceId).replaceAll(/[.*]/g, encoded));
  }

  #emit(state: 'done' | 'failed', text: string, deviceId: string): void {
    this.#options.emit({ stage: 'simulator.edge-device', state, text, data: { deviceId } });
  }
}

function portSetting(deviceId: string, which: 'fixed' | 'last'): string {
  return `mqttPort/${which}/${deviceId}`;
}
