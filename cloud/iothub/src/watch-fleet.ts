import { setTimeout as delay } from 'node:timers/promises';
import type { Hub } from './hub.ts';

/** How a module of a device fares, as edgeAgent reports it. */
export interface ModuleNews {
  readonly deviceId: string;
  readonly module: string;
  /** `running`, `backoff`, `failed`, `stopped`, `unknown` …; `gone` when it is no longer reported. */
  readonly status: string;
  readonly image: string;
  readonly restarts: number;
  /** Of edgeAgent's last configuration: 200 is right. */
  readonly configurationCode?: number;
}

export interface WatchOptions {
  /** A condition on `$edgeAgent`'s twin, such as `deviceId = 'plant-1'`; default: all. */
  readonly condition?: string;
  /** Milliseconds between two looks. */
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}

interface ReportedModule {
  readonly runtimeStatus?: string;
  readonly restartCount?: number;
  readonly settings?: { readonly image?: string };
}

interface AgentRow {
  readonly deviceId: string;
  readonly reported?: {
    readonly modules?: Readonly<Record<string, ReportedModule>>;
    readonly systemModules?: Readonly<Record<string, ReportedModule>>;
    readonly lastDesiredStatus?: { readonly code?: number };
  };
}

/** Tells how the modules of a fleet fare: first all of them, then what changes, until the signal ends it. */
export async function* watchFleet(hub: Hub, options: WatchOptions): AsyncGenerator<ModuleNews> {
  const { condition, intervalMs, signal } = options;
  const where = condition === undefined ? '' : ` AND (${condition})`;
  const query = `SELECT deviceId, properties.reported AS reported FROM devices.modules WHERE moduleId = '$edgeAgent'${where}`;
  let known = new Map<string, string>();
  while (!signal.aborted) {
    const seen = new Map<string, string>();
    for await (const row of hub.query<AgentRow>(query)) {
      for (const news of newsOf(row)) {
        const key = `${news.deviceId}/${news.module}`;
        seen.set(key, JSON.stringify(news));
        if (known.get(key) !== seen.get(key)) yield news;
      }
    }
    for (const key of known.keys()) {
      const [deviceId = '', module = ''] = key.split('/');
      if (!seen.has(key)) yield { deviceId, module, status: 'gone', image: '', restarts: 0 };
    }
    known = seen;
    await delay(intervalMs, undefined, { signal }).catch(() => {});
  }
}

function newsOf({ deviceId, reported }: AgentRow): ModuleNews[] {
  const modules = Object.entries({ ...reported?.systemModules, ...reported?.modules });
  const code = reported?.lastDesiredStatus?.code;
  return modules.map(([module, { runtimeStatus, restartCount, settings }]) => ({
    deviceId,
    module,
    status: runtimeStatus ?? 'unknown',
    image: settings?.image ?? '',
    restarts: restartCount ?? 0,
    ...(code === undefined ? {} : { configurationCode: code }),
  }));
}
