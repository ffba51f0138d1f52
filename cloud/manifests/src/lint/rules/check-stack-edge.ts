import { joinCreateOptions } from '../../create-options.ts';
import { childRecord, recordOf } from '../../json-record.ts';
import type { JsonRecord } from '../../json-record.ts';
import type { LintModule, LintSubject, Observation } from '../lint-subject.ts';

const RESERVED_PORTS = ['35000', '35001'];

/** Modules that are written for Azure Stack Edge, which `k8s-experimental` tells, hold what its Kubernetes takes. */
export function checkStackEdge({ modules }: LintSubject): Observation[] {
  return modules.flatMap(moduleFindings);
}

function moduleFindings({ name, at, record }: LintModule): Observation[] {
  const joined = joinCreateOptions(childRecord(record, 'settings') ?? {});
  const options = parsed(joined?.text);
  if (options === undefined || !('k8s-experimental' in options)) return [];
  const place = [...at, 'settings', joined?.names[0] ?? 'createOptions'];
  const host = childRecord(options, 'HostConfig') ?? {};
  const ports = Object.values(childRecord(host, 'PortBindings') ?? {}).flatMap((list) =>
    Array.isArray(list) ? list.map((binding) => String(recordOf(binding)?.['HostPort'])) : [],
  );
  const reserved = ports.find((port) => RESERVED_PORTS.includes(port));
  return [
    ...(Array.isArray(host['Binds']) && host['Binds'].length > 0 ? [`${name} has HostConfig.Binds`] : []),
    ...(reserved === undefined ? [] : [`${name} wants the port ${reserved}`]),
  ].map((message) => ({ code: 'EW3017', at: place, message }));
}

function parsed(text: string | undefined): JsonRecord | undefined {
  try {
    return recordOf(JSON.parse(text ?? ''));
  } catch {
    return undefined;
  }
}
