import { Readable } from 'node:stream';
import type { EdgeDevice } from '../edge-device.ts';
import type { EdgeDevices } from '../edge-devices.ts';
import type { TakenMessage } from '../edgehub/traffic.ts';
import type { Hub } from '../hub/hub.ts';
import type { TelemetryRecord } from '../hub/telemetry-record.ts';
import { takeSnapshot } from './page-snapshot.ts';

const SNAPSHOT_INTERVAL_MS = 1000;
const MESSAGES_INTERVAL_MS = 200;
/** The most messages that are shown of one interval; the rest is counted. */
const MAX_MESSAGES = 40;
/** The most that is shown of a body. */
const MAX_BODY_BYTES = 16 * 1024;

/** A message as the page shows it. */
export interface ShownMessage {
  /** ISO 8601. */
  readonly time: string;
  readonly deviceId: string;
  /** `device/module`, or the device. */
  readonly from: string;
  readonly output: string;
  /** Names of the routes that took it; empty when none did. */
  readonly routes: readonly string[];
  readonly properties: Readonly<Record<string, string | null>>;
  readonly systemProperties: Readonly<Record<string, string | null>>;
  /** The beginning of it, as text, or in hexadecimal when it is none. */
  readonly body: string;
  readonly isText: boolean;
  readonly sizeBytes: number;
}

export interface PageStreamOptions {
  readonly hub: Hub;
  readonly edgeDevices: EdgeDevices;
  /** The page has gone. */
  readonly signal: AbortSignal;
}

/** What the page follows, as server-sent events: `snapshot` every second, `messages` as they pass. */
export function pageStream({ hub, edgeDevices, signal }: PageStreamOptions): Readable {
  const stream = new Readable({ read: () => {} });
  const messages = new MessageBatch();
  const watched = new Map<EdgeDevice, Disposable>();
  const send = (event: string, data: unknown) => {
    // a page that does not read gets nothing more until it does
    if (stream.readableLength < 4 * 1024 * 1024) stream.push(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const look = () => {
    watchDevices(hub, { edgeDevices, watched, messages });
    send('snapshot', takeSnapshot(hub, edgeDevices));
  };
  const timers = [
    setInterval(look, SNAPSHOT_INTERVAL_MS),
    setInterval(() => {
      const batch = messages.take();
      if (batch !== undefined) send('messages', batch);
    }, MESSAGES_INTERVAL_MS),
  ];
  const stop = () => {
    for (const timer of timers) clearInterval(timer);
    for (const watch of watched.values()) watch[Symbol.dispose]();
    stream.push(null);
  };
  signal.addEventListener('abort', stop, { once: true });
  void followHub(hub, messages, signal);
  look();
  return stream;
}

interface Watching {
  readonly edgeDevices: EdgeDevices;
  readonly watched: Map<EdgeDevice, Disposable>;
  readonly messages: MessageBatch;
}

/** Devices come and go while the page is open. */
function watchDevices(hub: Hub, { edgeDevices, watched, messages }: Watching): void {
  const running = new Set(edgeDevices.all());
  for (const [device, watch] of watched) {
    if (running.has(device)) continue;
    watch[Symbol.dispose]();
    watched.delete(device);
  }
  for (const device of running) {
    if (watched.has(device)) continue;
    const { deviceId } = device;
    const listener = (taken: TakenMessage) => messages.add(() => ofEdgeHub(deviceId, taken, hub.now()));
    watched.set(device, device.edgeHub.traffic.onMessage(listener));
  }
}

/** Messages of devices without an edgeHub. */
async function followHub(hub: Hub, messages: MessageBatch, signal: AbortSignal): Promise<void> {
  for await (const record of hub.telemetry({}, signal)) {
    if (hub.identity(record.deviceId)?.edge === false && record.moduleId === undefined)
      messages.add(() => ofHub(record));
  }
}

class MessageBatch {
  #messages: ShownMessage[] = [];
  #left = 0;

  add(show: () => ShownMessage): void {
    if (this.#messages.length < MAX_MESSAGES) this.#messages.push(show());
    else this.#left += 1;
  }

  /** What has come since it was last asked; undefined when nothing has. */
  take(): { readonly messages: readonly ShownMessage[]; readonly notShown: number } | undefined {
    if (this.#messages.length === 0) return undefined;
    const batch = { messages: this.#messages, notShown: this.#left };
    this.#messages = [];
    this.#left = 0;
    return batch;
  }
}

function ofEdgeHub(deviceId: string, { message, from, routes }: TakenMessage, now: number): ShownMessage {
  const { outputName, connectionDeviceId: _d, connectionModuleId: _m, ...systemProperties } = message.systemProperties;
  const { properties } = message;
  return {
    time: new Date(now).toISOString(),
    deviceId,
    from,
    output: outputName ?? '',
    routes,
    properties,
    systemProperties,
    ...shownBody(message.body),
  };
}

function ofHub({ deviceId, enqueuedTime, body, properties, systemProperties }: TelemetryRecord): ShownMessage {
  const where = { deviceId, from: deviceId, output: '', routes: ['IoT Hub'] };
  return { time: enqueuedTime, ...where, properties, systemProperties, ...shownBody(body) };
}

function shownBody(body: Buffer): Pick<ShownMessage, 'body' | 'isText' | 'sizeBytes'> {
  const sizeBytes = body.length;
  const beginning = body.subarray(0, MAX_BODY_BYTES);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(beginning, { stream: true });
    return { body: text, isText: true, sizeBytes };
  } catch {
    return { body: beginning.subarray(0, 512).toString('hex'), isText: false, sizeBytes };
  }
}
