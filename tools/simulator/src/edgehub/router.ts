import { performance } from 'node:perf_hooks';
import type { EventSink } from '@edgewright/contract';
import type { Hub } from '../hub/hub.ts';
import type { TelemetryMessage } from '../hub/telemetry-record.ts';
import type { ClientDirectory } from './client-directory.ts';
import type { EdgeHubMetrics } from './edge-hub-metrics.ts';
import type { EdgeHubTimings } from './edge-hub-timings.ts';
import { edgeMessageSize } from './edge-message.ts';
import type { EdgeMessage } from './edge-message.ts';
import { EndpointPump } from './endpoint-pump.ts';
import type { Deliver, DeliveryResult } from './endpoint-pump.ts';
import type { InputOutcome } from './input-acknowledgement.ts';
import type { MessageStore } from './message-store.ts';
import type { StoredMessage } from './stored-message.ts';
import { RoutingTable } from './routing-table.ts';
import type { Endpoint } from './routing-table.ts';
import type { Traffic } from './traffic.ts';

/** How many messages a module's endpoint takes at a time; after one that fails, the rest of them is tried again. */
const MODULE_BATCH = 10;
/** The hub takes any number at once, or none of them. */
const UPSTREAM_BATCH = 200;
/** How many expired messages are removed at a time. */
const CLEANUP_BATCH = 1000;

export interface RouterOptions {
  readonly hub: Hub;
  /** The edge device. */
  readonly deviceId: string;
  readonly store: MessageStore;
  readonly clients: ClientDirectory;
  readonly metrics: EdgeHubMetrics;
  readonly traffic: Traffic;
  readonly timings: EdgeHubTimings;
  readonly now: () => number;
  readonly emit: EventSink;
}

/** Takes messages, stores them by the routes of the current configuration, and brings them where they belong. */
export class Router implements AsyncDisposable {
  readonly #options: RouterOptions;
  readonly #pumps = new Map<string, EndpointPump>();
  #cleanup: NodeJS.Timeout | undefined;
  #table = RoutingTable.empty;
  #isOnline = true;

  constructor(options: RouterOptions) {
    this.#options = options;
    const { clients, timings } = options;
    this.scheduleCleanup();
    if (!timings.resumeAtOnce) return;
    clients.listen({
      subscribed: (client, kind) => {
        if (kind === 'moduleMessages') this.#resumeModule(client.identity.moduleId ?? '');
      },
    });
  }

  /** Starts the interval between clean-ups anew, by the timings as they are now. */
  scheduleCleanup(): void {
    clearInterval(this.#cleanup);
    this.#cleanup = setInterval(() => this.removeExpired(), this.#options.timings.cleanupIntervalMs);
    this.#cleanup.unref();
  }

  get table(): RoutingTable {
    return this.#table;
  }

  /** Routes by another table from now on. What is queued for endpoints that it does not have stays queued. */
  adopt(table: RoutingTable): void {
    this.#table = table;
    this.#options.store.maxSizeBytes = table.maxStoreBytes ?? Infinity;
    for (const endpoint of table.endpoints) {
      if (!this.#pumps.has(endpoint.name)) this.#pumps.set(endpoint.name, this.#pump(endpoint));
    }
    this.#holdPumps();
  }

  /** Messages for the hub wait while the device is offline. */
  setOnline(isOnline: boolean): void {
    this.#isOnline = isOnline;
    this.#holdPumps();
  }

  /** Tells that there are messages for these endpoints. */
  stored(endpoints: ReadonlySet<string>): void {
    for (const endpoint of endpoints) this.#pumps.get(endpoint)?.wake();
  }

  /**
   * Takes a message; resolves when it is stored in every queue that a route leads it to, or at once when none does.
   *
   * @throws SimulatorError when it cannot be stored
   */
  async take(message: EdgeMessage): Promise<void> {
    const { store, metrics, traffic, now } = this.#options;
    const [from, output] = [senderOf(message), outputOf(message)];
    metrics.received(from, output, edgeMessageSize(message));
    const { routes, targets } = this.#table.route(message, now());
    traffic.taken({ message, from, routes });
    if (targets.length === 0) {
      metrics.dropped('no_route', from, output);
      return;
    }
    try {
      await store.append(message, targets);
    } catch (error) {
      metrics.unacknowledged(from, output);
      throw error;
    }
  }

  /** Removes messages whose time has passed from all queues. */
  removeExpired(): void {
    for (;;) {
      const expired = this.#options.store.removeExpired(CLEANUP_BATCH);
      this.#countExpired(expired);
      if (expired.length < CLEANUP_BATCH) return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#cleanup);
    await Promise.all([...this.#pumps.values()].map((pump) => pump[Symbol.asyncDispose]()));
  }

  #pump({ name, sink }: Endpoint): EndpointPump {
    const { store, timings, now, emit } = this.#options;
    const deliver: Deliver =
      sink.kind === 'upstream'
        ? async (batch) => this.#deliverUpstream(batch)
        : (batch, signal) => this.#deliverToModule(sink, batch, signal);
    const onExpired = (messages: readonly StoredMessage[]) => this.#countExpired(messages);
    const batch = sink.kind === 'upstream' ? UPSTREAM_BATCH : MODULE_BATCH;
    return new EndpointPump({ endpoint: name, store, deliver, batch, timings, now, onExpired, emit });
  }

  #holdPumps(): void {
    const routed = new Set(this.#table.endpoints.map((endpoint) => endpoint.name));
    for (const [name, pump] of this.#pumps) {
      pump.hold(!routed.has(name) || (name === '$upstream' && !this.#isOnline));
    }
  }

  #resumeModule(moduleId: string): void {
    for (const { name, sink } of this.#table.endpoints) {
      if (sink.kind === 'module' && sink.module === moduleId) this.#pumps.get(name)?.resume();
    }
  }

  #deliverUpstream(batch: readonly StoredMessage[]): DeliveryResult {
    if (!this.#isOnline) return { delivered: [], rejected: [] };
    const start = performance.now();
    this.#options.hub.acceptTelemetryBatch(batch.map((message) => telemetryOf(message)));
    const sendMs = (performance.now() - start) / batch.length;
    for (const message of batch) this.#countSent(message, { to: 'upstream', input: '', sendMs });
    return { delivered: batch.map(({ id }) => id), rejected: [] };
  }

  async #deliverToModule(
    { module, input }: { readonly module: string; readonly input: string },
    batch: readonly StoredMessage[],
    signal: AbortSignal,
  ): Promise<DeliveryResult> {
    const { clients, deviceId, metrics } = this.#options;
    const delivered: number[] = [];
    const rejected: { id: number; reason: string }[] = [];
    const to = `${deviceId}/${module}`;
    const client = clients.get(to);
    if (client?.isSubscribedTo('moduleMessages') !== true) return { delivered, rejected };
    const send = (message: StoredMessage) => ({
      start: performance.now(),
      sent: client.sendInput(message, input, signal),
    });
    const [first] = batch;
    let underWay = first && send(first);
    for (const [index, message] of batch.entries()) {
      if (underWay === undefined) break;
      const { start, sent } = underWay;
      const outcome = await sent;
      const sendMs = performance.now() - start;
      const next = batch[index + 1];
      // the next one leaves before this one is counted: the module waits for it
      underWay = next === undefined || isFailed(outcome) ? undefined : send(next);
      if (outcome === 'acknowledged') {
        delivered.push(message.id);
        this.#countSent(message, { to, input, sendMs });
      } else if (outcome === 'unmatched') {
        rejected.push({ id: message.id, reason: `no subscription of "${to}" takes messages for the input "${input}"` });
      } else metrics.retried(to, 'SendMessage');
    }
    return { delivered, rejected };
  }

  #countSent(message: StoredMessage, { to, input, sendMs }: { to: string; input: string; sendMs: number }): void {
    const { metrics, traffic, now } = this.#options;
    traffic.sent(to);
    const path = { from: senderOf(message), to, output: outputOf(message), input, priority: message.priority };
    metrics.sent(path, { sendMs, processMs: Math.max(0, now() - message.enqueuedAt) });
  }

  #countExpired(messages: readonly StoredMessage[]): void {
    for (const message of messages) {
      this.#options.metrics.dropped('ttl_expiry', senderOf(message), outputOf(message));
    }
  }
}

/** Whether the rest of a batch has to wait. */
function isFailed(outcome: InputOutcome | 'unmatched'): boolean {
  return outcome === 'timedOut' || outcome === 'abandoned';
}

function senderOf({ systemProperties }: EdgeMessage): string {
  const { connectionDeviceId, connectionModuleId } = systemProperties;
  return [connectionDeviceId, connectionModuleId].filter((part) => part !== undefined && part !== null).join('/');
}

function outputOf({ systemProperties }: EdgeMessage): string {
  return systemProperties['outputName'] ?? '';
}

/** A message as the hub takes it: who sent it stands beside the system properties, and nothing is without a value. */
function telemetryOf(message: StoredMessage): TelemetryMessage {
  const { connectionDeviceId, connectionModuleId, rpConnectionDeviceId, rpConnectionModuleId, ...systemProperties } =
    message.systemProperties;
  return {
    deviceId: rpConnectionDeviceId ?? connectionDeviceId ?? '',
    ...moduleIdOf(rpConnectionDeviceId === undefined ? connectionModuleId : rpConnectionModuleId),
    body: message.body,
    properties: withoutNulls(message.properties),
    systemProperties: withoutNulls(systemProperties),
  };
}

function moduleIdOf(moduleId: string | null | undefined): { moduleId?: string } {
  return moduleId === undefined || moduleId === null ? {} : { moduleId };
}

function withoutNulls(properties: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, value ?? '']));
}
