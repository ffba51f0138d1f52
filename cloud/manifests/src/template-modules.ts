import { childRecord } from './json-record.ts';

/** A module of a template, whose settings may be changed. */
export interface TemplateModule {
  readonly name: string;
  readonly settings: Record<string, unknown>;
}

/** Every module of a template, system modules too; a template in which something is not as it should be has fewer. */
export function templateModules(document: unknown): TemplateModule[] {
  const content = childRecord(document, 'modulesContent') ?? childRecord(document, 'moduleContent');
  const desired = childRecord(childRecord(content, '$edgeAgent'), 'properties.desired');
  return ['modules', 'systemModules'].flatMap((member) => {
    const modules = childRecord(desired, member);
    return Object.keys(modules ?? {}).flatMap((name) => {
      const settings = childRecord(childRecord(modules, name), 'settings');
      return settings === undefined ? [] : [{ name, settings }];
    });
  });
}
