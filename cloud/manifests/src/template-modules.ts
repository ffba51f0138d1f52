import { childRecord } from './json-record.ts';
import type { JsonRecord } from './json-record.ts';

const DESIRED = 'properties.desired';
const LAYERED_MODULE = `${DESIRED}.modules.`;

/** A module of a template, whose settings may be changed. */
export interface TemplateModule {
  readonly name: string;
  /** edgeAgent and edgeHub. */
  readonly system: boolean;
  /** The module itself: `type`, `status`, `env` … */
  readonly record: Record<string, unknown>;
  readonly settings: Record<string, unknown>;
}

/** Every module of a template, system modules too; a template in which something is not as it should be has fewer. */
export function templateModules(document: unknown): TemplateModule[] {
  const top = childRecord(document, 'content') ?? document;
  const content = childRecord(top, 'modulesContent') ?? childRecord(top, 'moduleContent');
  const agent = childRecord(content, '$edgeAgent');
  return [...modulesInside(childRecord(agent, DESIRED)), ...modulesUnderKeys(agent)];
}

/** Modules of a layer: each under a key of its own, `properties.desired.modules.NAME`. */
function modulesUnderKeys(agent: JsonRecord | undefined): TemplateModule[] {
  return Object.keys(agent ?? {}).flatMap((key) => {
    const record = key.startsWith(LAYERED_MODULE) ? childRecord(agent, key) : undefined;
    const settings = childRecord(record, 'settings');
    const name = key.slice(LAYERED_MODULE.length);
    return record === undefined || settings === undefined ? [] : [{ name, system: false, record, settings }];
  });
}

function modulesInside(desired: JsonRecord | undefined): TemplateModule[] {
  return ['modules', 'systemModules'].flatMap((member) => {
    const modules = childRecord(desired, member);
    return Object.keys(modules ?? {}).flatMap((name) => {
      const record = childRecord(modules, name);
      const settings = childRecord(record, 'settings');
      return record === undefined || settings === undefined
        ? []
        : [{ name, system: member === 'systemModules', record, settings }];
    });
  });
}
