import { messageOf } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import type { Hub } from '../hub/hub.ts';
import type { TwinSection } from '../hub/twin.ts';
import type { EdgeHubDatabase } from './edge-hub-database.ts';
import type { EdgeHubReport } from './edge-hub-report.ts';
import type { Router } from './router.ts';
import { RoutingTable } from './routing-table.ts';

export interface EdgeHubConfigurationOptions {
  readonly hub: Hub;
  readonly deviceId: string;
  readonly database: EdgeHubDatabase;
  readonly router: Router;
  readonly report: EdgeHubReport;
  readonly emit: EventSink;
}

/**
 * Follows the desired properties of `$edgeHub` and has the router work by them. A configuration with a fault is reported
 * and not used at all: the one before stays, also over a restart.
 */
export class EdgeHubConfiguration implements Disposable {
  readonly #options: EdgeHubConfigurationOptions;
  readonly #kept: KeptConfiguration;
  readonly #watch: Disposable;
  #isOnline = true;
  #seenVersion = 0;

  constructor(options: EdgeHubConfigurationOptions) {
    this.#options = options;
    this.#kept = new KeptConfiguration(options.database);
    this.#useKept();
    const { hub, deviceId } = options;
    this.#watch = hub.onDesired(deviceId, '$edgeHub', (_patch, full) => {
      if (this.#isOnline) this.#follow(full);
    });
    this.#follow(hub.twin(deviceId, '$edgeHub').desired);
  }

  /** While the device is offline it does not hear of new configurations. */
  setOnline(isOnline: boolean): void {
    this.#isOnline = isOnline;
    const { hub, deviceId } = this.#options;
    if (isOnline) this.#follow(hub.twin(deviceId, '$edgeHub').desired);
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  #useKept(): void {
    const kept = this.#kept.get();
    if (kept === undefined) return;
    try {
      this.#options.router.adopt(RoutingTable.compile(kept));
    } catch (error) {
      // only when the rules have changed since it was kept; the hub's own is read next
      this.#note('failed', `The kept configuration is no longer good: ${messageOf(error)}`);
    }
  }

  #follow({ properties, version }: TwinSection): void {
    // a device that never got a deployment has no configuration, which is not a fault
    if (version === this.#seenVersion || Object.keys(properties).length === 0) return;
    this.#seenVersion = version;
    const { router, report } = this.#options;
    try {
      router.adopt(RoutingTable.compile(properties));
    } catch (error) {
      const description = messageOf(error);
      this.#note('failed', `Configuration ${version} is not used: ${description}`);
      report.configured(version, { code: 400, description: shortened(description) });
      return;
    }
    this.#kept.put(properties);
    this.#note('done', `Configuration ${version} is used`);
    report.configured(version, { code: 200, description: '' });
  }

  #note(state: 'done' | 'failed', text: string): void {
    const { deviceId, emit } = this.#options;
    emit({ stage: 'edgehub.configuration', state, text: `edgeHub of ${deviceId}: ${text}`, data: { deviceId } });
  }
}

/** The last good configuration, on disk. */
class KeptConfiguration {
  readonly #get;
  readonly #put;

  constructor(database: EdgeHubDatabase) {
    this.#get = database.prepare('SELECT desired FROM configuration');
    this.#put = database.prepare('INSERT OR REPLACE INTO configuration (id, desired) VALUES (1, ?)');
  }

  get(): Record<string, unknown> | undefined {
    const row = this.#get.get() as { desired: string } | undefined;
    return row === undefined ? undefined : (JSON.parse(row.desired) as Record<string, unknown>);
  }

  put(desired: Readonly<Record<string, unknown>>): void {
    this.#put.run(JSON.stringify(desired));
  }
}

/** A twin's string values have at most 4096 bytes. */
function shortened(text: string): string {
  return Buffer.byteLength(text) <= 4096 ? text : `${Buffer.from(text).subarray(0, 4000).toString('utf8')}…`;
}
