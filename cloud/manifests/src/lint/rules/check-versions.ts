import { childRecord, recordOf } from '../../json-record.ts';
import type { LintSubject, Observation } from '../lint-subject.ts';

/** Members that came with later schema versions. */
export function checkVersions({ layered, content, contentAt, modules, routes }: LintSubject): Observation[] {
  if (layered) return [];
  const agent = childRecord(childRecord(content, '$edgeAgent'), 'properties.desired');
  const hub = childRecord(childRecord(content, '$edgeHub'), 'properties.desired');
  const found: Observation[] = [];
  const demand = (section: string, has: unknown, needs: string, what: string) => {
    if (typeof has !== 'string' || !/^1\.\d+/.test(has) || minorOf(has) >= minorOf(needs)) return;
    const at = [...contentAt, section, 'properties.desired', 'schemaVersion'];
    found.push({ code: 'EW1005', at, message: `schemaVersion is ${has}, and ${what} needs ${needs}` });
  };
  const ordered = modules.find(({ record }) => 'startupOrder' in record);
  if (ordered !== undefined)
    demand('$edgeAgent', agent?.['schemaVersion'], '1.1', `the startupOrder of ${ordered.name}`);
  const withObject = routes.find(({ entry }) => recordOf(entry) !== undefined);
  const hubVersion = hub?.['schemaVersion'];
  if (hub !== undefined && 'integrity' in hub) demand('$edgeHub', hubVersion, '1.3', 'integrity');
  else if (hub !== undefined && 'mqttBroker' in hub) demand('$edgeHub', hubVersion, '1.2', 'mqttBroker');
  else if (withObject !== undefined) {
    demand('$edgeHub', hubVersion, '1.1', `the route ${withObject.name}, an object with priority or time to live,`);
  }
  return found;
}

function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}
