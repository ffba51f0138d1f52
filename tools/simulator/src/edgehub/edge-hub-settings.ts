import type { EdgeHubTimings } from './edge-hub-timings.ts';

/** What the environment of edgeHub's container sets, as far as the simulator follows it. */
export interface EdgeHubSettings {
  readonly timings: Partial<EdgeHubTimings>;
  readonly maxConnectedClients?: number;
  readonly metricsEnabled?: boolean;
  /** Values that cannot be read; the default holds for each. */
  readonly problems: readonly string[];
}

interface Setting {
  /** In the appsettings' form: sections with `__`; compared without regard to case, as .NET does. */
  readonly name: string;
  readonly read: (
    value: string,
  ) => Omit<EdgeHubSettings, 'problems' | 'timings'> & Partial<Pick<EdgeHubSettings, 'timings'>>;
}

/** The settings by their names in edgeHub's doc/EnvironmentVariables.md and appsettings_hub.json. */
const settings: readonly Setting[] = [
  { name: 'MessageAckTimeoutSecs', read: (value) => ({ timings: { ackTimeoutMs: wholeNumber(value, 1) * 1000 } }) },
  {
    name: 'MessageCleanupIntervalSecs',
    // edgeHub takes nothing below 30
    read: (value) => ({ timings: { cleanupIntervalMs: Math.max(wholeNumber(value, 1), 30) * 1000 } }),
  },
  { name: 'MaxConnectedClients', read: (value) => ({ maxConnectedClients: wholeNumber(value, 1) }) },
  {
    name: 'mqttSettings__ConnectArrivalTimeout',
    read: (value) => ({ timings: { connectTimeoutMs: timeSpan(value) } }),
  },
  { name: 'mqttSettings__MaxKeepAliveTimeout', read: (value) => ({ timings: { maxKeepAliveMs: timeSpan(value) } }) },
  { name: 'Metrics__Listener__MetricsEnabled', read: (value) => ({ metricsEnabled: truth(value) }) },
];

/** The names of the settings that are followed. */
export const edgeHubSettingNames: readonly string[] = settings.map(({ name }) => name);

/** Reads the `env` of the system module edgeHub. */
export function readEdgeHubSettings(environment: Readonly<Record<string, string>>): EdgeHubSettings {
  const problems: string[] = [];
  let read: Omit<EdgeHubSettings, 'problems'> = { timings: {} };
  for (const { name, read: readOne } of settings) {
    const found = Object.entries(environment).find(
      ([key]) => key.replaceAll(':', '__').toLowerCase() === name.toLowerCase(),
    );
    if (found === undefined) continue;
    try {
      const one = readOne(found[1]);
      read = { ...read, ...one, timings: { ...read.timings, ...one.timings } };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problems.push(`${found[0]} is "${found[1]}": ${error.message}`);
    }
  }
  return { ...read, problems };
}

function wholeNumber(text: string, minimum: number): number {
  const value = /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= minimum)) throw new RangeError(`it must be a whole number of at least ${minimum}`);
  return value;
}

/** `[d.]hh:mm:ss`, as .NET writes times, in milliseconds. */
function timeSpan(text: string): number {
  const match = /^\s*(?:(\d{1,5})\.)?(\d{1,2}):(\d{2})(?::(\d{2}))?\s*$/.exec(text);
  if (match === null) throw new RangeError('it must be a time such as 00:01:30');
  const [, days = '0', hours, minutes, seconds = '0'] = match;
  return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}

function truth(text: string): boolean {
  const value = text.trim().toLowerCase();
  if (value !== 'true' && value !== 'false') throw new RangeError('it must be true or false');
  return value === 'true';
}
