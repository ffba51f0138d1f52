import { joinCreateOptions } from '../../create-options.ts';
import { childRecord, recordOf } from '../../json-record.ts';
import type { JsonRecord } from '../../json-record.ts';
import type { LintModule, LintSubject, Observation } from '../lint-subject.ts';

/** Settings of HostConfig that iotedgehubdev 0.14 does not translate for docker-compose. */
const DROPPED_HOST_CONFIG = ['DeviceRequests', 'Runtime', 'ShmSize', 'Tmpfs'];

/** What other tools that the manifest is meant for leave out. */
export function checkPortability({ options, modules, routes, twins, layered }: LintSubject): Observation[] {
  if (options.also?.includes('iotedgehubdev') !== true) return [];
  if (layered) return [{ code: 'EW6002', at: ['content'], message: 'this is a layer, which needs a base deployment' }];
  return [
    ...routes.flatMap(({ name, at, priority, timeToLiveSecs }): Observation[] =>
      priority === undefined && timeToLiveSecs === undefined
        ? []
        : [{ code: 'EW6001', at, message: `priority and time to live of the route ${name} are lost` }],
    ),
    ...modules.flatMap(moduleNotes),
    ...twins
      .filter(({ module }) => !module.startsWith('$'))
      .map(({ module, at }) => ({
        code: 'EW6001' as const,
        at,
        message: `the desired properties of ${module} are applied only if iotedgehubdev has the connection string of a hub`,
      })),
  ];
}

function moduleNotes({ name, system, at, record }: LintModule): Observation[] {
  const found: Observation[] = [];
  if (system) return found;
  if (record['restartPolicy'] === 'on-unhealthy') {
    found.push({
      code: 'EW6001',
      at: [...at, 'restartPolicy'],
      message: `the restartPolicy of ${name} becomes always`,
    });
  }
  if ('startupOrder' in record) {
    found.push({ code: 'EW6001', at: [...at, 'startupOrder'], message: `the startupOrder of ${name} is lost` });
  }
  const hostConfig = childRecord(optionsOf(record), 'HostConfig') ?? {};
  for (const setting of DROPPED_HOST_CONFIG) {
    if (!(setting in hostConfig)) continue;
    const message = `HostConfig.${setting} of ${name} is lost`;
    found.push({ code: 'EW6001', at: [...at, 'settings', 'createOptions'], message });
  }
  return found;
}

function optionsOf(record: JsonRecord): JsonRecord | undefined {
  try {
    return recordOf(JSON.parse(joinCreateOptions(childRecord(record, 'settings') ?? {})?.text ?? '{}'));
  } catch {
    return undefined;
  }
}
