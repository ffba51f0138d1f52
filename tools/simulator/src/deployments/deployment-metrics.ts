import type { Hub } from '../hub/hub.ts';
import { runQuery } from '../hub/query/run-query.ts';
import type { Configuration } from './configuration.ts';
import { parseDeploymentContent } from './deployment-content.ts';

export interface Metrics {
  /** How many rows each query gives now. */
  readonly results: Readonly<Record<string, number>>;
  readonly queries: Readonly<Record<string, string>>;
}

const PAGE = 10_000;

/** Runs queries now and counts what they give. */
export function metricsOf(hub: Hub, queries: Readonly<Record<string, string>>): Metrics {
  const results = Object.entries(queries).map(([name, text]) => [name, countRows(hub, text)] as const);
  return { results: Object.fromEntries(results), queries };
}

/** The queries of the metrics that every deployment of its kind has. */
export function systemQueries(configuration: Configuration): Record<string, string> {
  const { kind } = parseDeploymentContent(configuration.content);
  const state = `configurations.[[${configuration.id}]]`;
  if (kind === 'module') {
    const from = 'SELECT deviceId, moduleId FROM devices.modules WHERE';
    return {
      targetedCount: `${from} IS_DEFINED(${state})`,
      appliedCount: `${from} ${state}.status = 'Applied'`,
    };
  }
  if (kind === 'device') {
    const from = 'SELECT deviceId FROM devices WHERE';
    return {
      targetedCount: `${from} IS_DEFINED(${state})`,
      appliedCount: `${from} ${state}.status = 'Applied'`,
    };
  }
  const agents = `SELECT deviceId FROM devices.modules WHERE moduleId = '$edgeAgent' AND`;
  const applied = `${agents} ${state}.status = 'Applied'`;
  const reported = `${applied} AND properties.desired.$version = properties.reported.lastDesiredVersion AND properties.reported.lastDesiredStatus.code`;
  return {
    targetedCount: `${agents} IS_DEFINED(${state})`,
    appliedCount: applied,
    reportedSuccessfulCount: `${reported} = 200`,
    reportedFailedCount: `${reported} != 200`,
  };
}

function countRows(hub: Hub, text: string): number {
  let count = 0;
  let continuation: string | undefined;
  do {
    const page = runQuery(hub, { text, pageSize: PAGE, continuation });
    count += page.items.length;
    ({ continuation } = page);
  } while (continuation !== undefined);
  return count;
}
