import { randomUUID } from 'node:crypto';
import { Counter, Gauge, Registry } from 'prom-client';
import type { MessageStore } from './message-store.ts';
import { RecentSummary } from './recent-summary.ts';
import type { SummarySeries } from './recent-summary.ts';

const QUANTILES = [0.1, 0.5, 0.9, 0.99];

/** A message on its way to one endpoint, as metrics name it. */
export interface MessagePath {
  /** `device/module`, or the leaf device. */
  readonly from: string;
  /** `device/module`, or `upstream`. */
  readonly to: string;
  readonly output: string;
  readonly input: string;
  readonly priority: number;
}

/** What is counted of the messages of one path, or of one output; counters take over what they have not counted yet when they are read. */
interface Tally {
  uncounted: number;
  readonly labels: Record<string, string | number>;
  readonly summaries: readonly SummarySeries[];
}

/** edgeHub's metrics, under the names and labels of the real one. */
export class EdgeHubMetrics {
  readonly registry = new Registry();
  readonly #receivedBy = new Map<string, Tally>();
  readonly #sentBy = new Map<string, Tally>();
  readonly #dropped = this.#counter('messages_dropped_total', 'Messages dropped', [
    'reason',
    'from',
    'from_route_output',
  ]);
  readonly #unacknowledged = this.#counter('messages_unack_total', 'Messages that could not be stored', [
    'reason',
    'from',
    'from_route_output',
  ]);
  readonly #twins = this.#counter('gettwin_total', 'Twins read', ['source', 'id']);
  readonly #reported = this.#counter('reported_properties_total', 'Updates of reported properties', ['target', 'id']);
  readonly #methods = this.#counter('direct_methods_total', 'Direct methods called', ['from', 'to']);
  readonly #connects = this.#counter('client_connect_success_total', 'Clients that connected', ['id']);
  readonly #refusals = this.#counter('client_connect_failed_total', 'Clients turned away', ['id', 'reason']);
  readonly #disconnects = this.#counter('client_disconnect_total', 'Clients that disconnected', ['id']);
  readonly #offline = this.#counter('offline_count_total', 'Times that the device went offline', ['id']);
  readonly #retries = this.#counter('operation_retry_total', 'Operations tried again', ['id', 'operation']);
  readonly #sizes = this.#summary('message_size_bytes', 'Size of messages', ['id']);
  readonly #sendTimes = this.#summary('message_send_duration_seconds', 'Time to send a message', [
    'from',
    'to',
    'from_route_output',
    'to_route_input',
  ]);
  readonly #processTimes = this.#summary(
    'message_process_duration_seconds',
    'Time from taking a message to sending it',
    ['from', 'to', 'priority'],
  );
  readonly #twinTimes = this.#summary('gettwin_duration_seconds', 'Time to read a twin', ['source', 'id']);
  readonly #reportTimes = this.#summary(
    'reported_properties_update_duration_seconds',
    'Time to update reported properties',
    ['target', 'id'],
  );
  readonly #methodTimes = this.#summary('direct_method_duration_seconds', 'Time of direct methods', ['from', 'to']);
  readonly #offlineTimes = this.#summary('offline_duration_seconds', 'Time that the device was offline', ['id']);

  /**
   * @param names what all metrics carry: the hub's host name and the edge device
   * @param state what the gauges read when they are asked for
   */
  constructor(
    names: { readonly hubHostName: string; readonly deviceId: string },
    state: { readonly store: Pick<MessageStore, 'lengths'>; readonly connectedClients: () => number },
  ) {
    this.registry.setDefaultLabels({
      iothub: names.hubHostName,
      edge_device: names.deviceId,
      instance_number: randomUUID(),
    });
    this.#tallied('received', ['route_output', 'id'], this.#receivedBy);
    const path = ['from', 'to', 'from_route_output', 'to_route_input', 'priority'];
    this.#tallied('sent', path, this.#sentBy);
    const queueLength = this.#gauge('queue_length', 'Messages waiting', {
      labelNames: ['endpoint', 'priority'],
      collect: () => {
        queueLength.reset();
        for (const { length, ...queue } of state.store.lengths()) queueLength.set(queue, length);
      },
    });
    const clients = this.#gauge('connected_clients', 'Clients connected', {
      labelNames: [],
      collect: () => clients.set(state.connectedClients()),
    });
  }

  received(id: string, output: string, sizeBytes: number): void {
    const key = `${id}\n${output}`;
    let tally = this.#receivedBy.get(key);
    if (tally === undefined) {
      tally = { uncounted: 0, labels: { route_output: output, id }, summaries: [this.#sizes.of({ id })] };
      this.#receivedBy.set(key, tally);
    }
    tally.uncounted += 1;
    tally.summaries[0]?.record(sizeBytes);
  }

  /** @param times in milliseconds: to send it, and since it was taken */
  sent(path: MessagePath, times: { readonly sendMs: number; readonly processMs: number }): void {
    const { from, to, output, input, priority } = path;
    const key = `${from}\n${to}\n${output}\n${input}\n${priority}`;
    let tally = this.#sentBy.get(key);
    if (tally === undefined) {
      const labels = { from, to, from_route_output: output, to_route_input: input };
      const summaries = [this.#sendTimes.of(labels), this.#processTimes.of({ from, to, priority })];
      tally = { uncounted: 0, labels: { ...labels, priority }, summaries };
      this.#sentBy.set(key, tally);
    }
    tally.uncounted += 1;
    tally.summaries[0]?.record(times.sendMs / 1000);
    tally.summaries[1]?.record(times.processMs / 1000);
  }

  dropped(reason: 'no_route' | 'ttl_expiry', from: string, output: string): void {
    this.#dropped.inc({ reason, from, from_route_output: output });
  }

  unacknowledged(from: string, output: string): void {
    this.#unacknowledged.inc({ reason: 'storage_failure', from, from_route_output: output });
  }

  twinRead(id: string, durationMs: number): void {
    this.#twins.inc({ source: 'edge_hub', id });
    this.#twinTimes.of({ source: 'edge_hub', id }).record(durationMs / 1000);
  }

  reportedUpdated(id: string, durationMs: number): void {
    this.#reported.inc({ target: 'edge_hub', id });
    this.#reportTimes.of({ target: 'edge_hub', id }).record(durationMs / 1000);
  }

  methodCalled(from: string, to: string, durationMs: number): void {
    this.#methods.inc({ from, to });
    this.#methodTimes.of({ from, to }).record(durationMs / 1000);
  }

  connected(id: string): void {
    this.#connects.inc({ id });
  }

  refused(id: string, reason: string): void {
    this.#refusals.inc({ id, reason });
  }

  disconnected(id: string): void {
    this.#disconnects.inc({ id });
  }

  retried(id: string, operation: string): void {
    this.#retries.inc({ id, operation });
  }

  wentOffline(id: string): void {
    this.#offline.inc({ id });
  }

  cameOnline(id: string, offlineMs: number): void {
    this.#offlineTimes.of({ id }).record(offlineMs / 1000);
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name: `edgehub_${name}`, help, labelNames, registers: [this.registry] });
  }

  /** A counter of what passes so often that telling prom-client each time would cost more than the rest. */
  #tallied(name: string, labelNames: string[], tallies: ReadonlyMap<string, Tally>): void {
    const counter = new Counter({
      name: `edgehub_messages_${name}_total`,
      help: `Messages ${name}`,
      labelNames,
      registers: [this.registry],
      collect: () => {
        for (const tally of tallies.values()) {
          counter.inc(tally.labels, tally.uncounted);
          tally.uncounted = 0;
        }
      },
    });
  }

  #summary(name: string, help: string, labelNames: string[]): RecentSummary {
    return new RecentSummary({
      name: `edgehub_${name}`,
      help,
      labelNames,
      percentiles: QUANTILES,
      registers: [this.registry],
    });
  }

  /** @param collect sets the value when somebody asks for it */
  #gauge(name: string, help: string, { labelNames, collect }: { labelNames: string[]; collect: () => void }): Gauge {
    return new Gauge({ name: `edgehub_${name}`, help, labelNames, collect, registers: [this.registry] });
  }
}
