import { messageOf } from '@edgewright/contract';
import { joinCreateOptions } from '../../create-options.ts';
import { childRecord, recordOf } from '../../json-record.ts';
import type { JsonRecord } from '../../json-record.ts';
import type { JsonSteps } from '../json-path.ts';
import type { LintModule, LintSubject, Observation } from '../lint-subject.ts';

/** createOptions: complete, a JSON object, and not two modules on one port of the device. */
export function checkCreateOptions({ modules }: LintSubject): Observation[] {
  const found: Observation[] = [];
  const ports = new Map<string, string>();
  for (const module of modules) {
    const at = [...module.at, 'settings', 'createOptions'];
    const options = readCreateOptions(module, found);
    if (options === undefined || module.record['status'] === 'stopped') continue;
    for (const port of hostPorts(options)) {
      const other = ports.get(port);
      if (other !== undefined && other !== module.name) {
        found.push({ code: 'EW3010', at, message: `${module.name} and ${other} both want ${port}` });
      }
      ports.set(port, module.name);
    }
  }
  return found;
}

function readCreateOptions({ name, at, record }: LintModule, found: Observation[]): JsonRecord | undefined {
  const joined = joinCreateOptions(childRecord(record, 'settings') ?? {});
  if (joined === undefined) return undefined;
  if (joined.stray !== undefined) {
    const message = `${name} has "${joined.stray}", which does not follow ${joined.names.at(-1) ?? 'anything'}`;
    found.push({ code: 'EW3008', at: [...at, 'settings', joined.stray], message });
    return undefined;
  }
  const place: JsonSteps = [...at, 'settings', joined.names[0] ?? 'createOptions'];
  if (joined.text.trim() === '') return {};
  const refuse = (reason: string) => {
    found.push({ code: 'EW3009', at: place, message: `the createOptions of ${name} are no JSON object: ${reason}` });
    return undefined;
  };
  try {
    const value: unknown = JSON.parse(joined.text);
    return recordOf(value) ?? refuse(`they are ${Array.isArray(value) ? 'an array' : JSON.stringify(value)}`);
  } catch (error) {
    return refuse(messageOf(error));
  }
}

/** Ports of the device as `443/tcp`; with the address in front when it is bound to one. */
function hostPorts(options: JsonRecord): string[] {
  const bindings = childRecord(childRecord(options, 'HostConfig'), 'PortBindings') ?? {};
  return Object.entries(bindings).flatMap(([port, list]) =>
    (Array.isArray(list) ? list : []).flatMap((binding: unknown) => {
      const { HostPort: hostPort, HostIp: address } = recordOf(binding) ?? {};
      if ((typeof hostPort !== 'string' && typeof hostPort !== 'number') || !/^[1-9]\d*$/.test(String(hostPort)))
        return [];
      const everywhere = typeof address !== 'string' || address === '' || address === '0.0.0.0' || address === '::';
      return [`${everywhere ? '' : `${address}:`}${hostPort}/${port.split('/')[1] ?? 'tcp'}`];
    }),
  );
}
