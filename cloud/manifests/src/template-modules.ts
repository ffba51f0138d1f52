/** A module of a template, whose settings may be changed. */
export interface TemplateModule {
  readonly name: string;
  readonly settings: Record<string, unknown>;
}

/** Every module of a template, system modules too; a template in which something is not as it should be has fewer. */
export function templateModules(document: unknown): TemplateModule[] {
  const content = child(document, 'modulesContent') ?? child(document, 'moduleContent');
  const desired = child(child(content, '$edgeAgent'), 'properties.desired');
  return [child(desired, 'modules'), child(desired, 'systemModules')].flatMap((modules) =>
    Object.keys(modules ?? {}).flatMap((name) => {
      const settings = child(child(modules, name), 'settings');
      return settings === undefined ? [] : [{ name, settings }];
    }),
  );
}

function child(value: unknown, name: string): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  const found = (value as Readonly<Record<string, unknown>>)[name];
  return typeof found === 'object' && found !== null && !Array.isArray(found)
    ? (found as Record<string, unknown>)
    : undefined;
}
