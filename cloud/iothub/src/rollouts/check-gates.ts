import type { RolloutGate } from '@edgewright/contract';
import { compileCondition } from '../plan/target-condition.ts';

/** The module's twin of one device of a ring. */
export type ModuleTwin = Readonly<Record<string, unknown>>;

export interface RingReports {
  /** By device id; of those that have the change. */
  readonly twins: ReadonlyMap<string, ModuleTwin>;
  /** Counters as they stood before the ring began, by device id and path. */
  readonly before: ReadonlyMap<string, Readonly<Record<string, number>>>;
  /** Metrics of the ring's deployment. */
  readonly metrics: Readonly<Record<string, number>>;
}

export interface GateValue {
  readonly gate: string;
  /** Null where nobody reports it: that fails no gate, too few devices reporting does. */
  readonly value: number | null;
  readonly passed: boolean;
}

/** Holds what devices report against gates. @throws IotHubError `ConditionInvalid` */
export function checkGates(gates: readonly RolloutGate[], reports: RingReports): GateValue[] {
  return gates.map((gate) => {
    const value = valueOf(gate, reports);
    const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = gate;
    return {
      gate: gate.name,
      value: value ?? null,
      passed: value === undefined || (value >= minimum && value <= maximum),
    };
  });
}

/** The counters that gates look at, as a twin reports them. */
export function countersOf(gates: readonly RolloutGate[], twin: ModuleTwin): Record<string, number> {
  const paths = gates.flatMap((gate) => ('ratio' in gate ? gate.ratio : []));
  return Object.fromEntries(paths.map((path) => [path, reported(twin, path) ?? 0]));
}

function valueOf(gate: RolloutGate, { twins, before, metrics }: RingReports): number | undefined {
  if ('metric' in gate) return metrics[gate.metric];
  if (twins.size === 0) return undefined;
  if ('share' in gate) {
    const condition = compileCondition(gate.share);
    return [...twins.values()].filter((twin) => condition.matches(twin)).length / twins.size;
  }
  if ('value' in gate)
    return aggregate(
      gate.aggregate,
      [...twins.values()].flatMap((twin) => reported(twin, gate.value) ?? []),
    );
  const sum = (path: string) =>
    [...twins].reduce(
      (total, [deviceId, twin]) => total + since(reported(twin, path) ?? 0, before.get(deviceId)?.[path]),
      0,
    );
  const [part, whole] = gate.ratio.map(sum);
  return whole === undefined || part === undefined || whole === 0 ? undefined : part / whole;
}

/** A counter that is smaller than before was begun anew. */
function since(now: number, before = 0): number {
  return now >= before ? now - before : now;
}

function aggregate(kind: 'mean' | 'minimum' | 'maximum' | 'p95', values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  if (kind === 'mean') return sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  if (kind === 'minimum') return sorted[0];
  return kind === 'maximum' ? sorted.at(-1) : sorted[Math.ceil(sorted.length * 0.95) - 1];
}

function reported(twin: ModuleTwin, path: string): number | undefined {
  let value: unknown = (twin['properties'] as { reported?: unknown } | undefined)?.reported;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return typeof value === 'number' ? value : undefined;
}
