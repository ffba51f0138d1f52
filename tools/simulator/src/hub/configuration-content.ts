import { checkDocument } from '@edgewright/contract';
import Type from 'typebox';
import type { Static } from 'typebox';
import { hubFault } from './hub-fault.ts';
import type { JsonObject } from './twin.ts';

const DESIRED = 'properties.desired';

const Sections = Type.Record(Type.String(), Type.Unknown());

/** The content of a deployment: desired properties by module, each under `properties.desired` or a path below it. */
export const ConfigurationContentSchema = Type.Object({
  modulesContent: Type.Optional(Type.Union([Type.Record(Type.String(), Sections), Type.Null()])),
  /** Desired properties for the modules that a deployment targets; in old files another name of `modulesContent`. */
  moduleContent: Type.Optional(Type.Union([Sections, Type.Null()])),
  deviceContent: Type.Optional(Type.Union([Sections, Type.Null()])),
});

export type ConfigurationContent = Static<typeof ConfigurationContentSchema>;

/** What one piece of content does to desired properties: replaces them, or sets what lies under a path. */
export interface DesiredSetting {
  /** Empty for all desired properties. */
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Content taken apart. */
export interface ParsedContent {
  readonly modules: ReadonlyMap<string, readonly DesiredSetting[]>;
  /** For the device's own twin. */
  readonly device: readonly DesiredSetting[];
  /** For the twins of the modules that a deployment targets. */
  readonly module: readonly DesiredSetting[];
}

/**
 * Takes the content of a deployment apart.
 *
 * @param source what it is, for messages
 * @throws SimulatorError `SimulatorRequestInvalid`, ContractError `InvalidDocument`
 */
export function parseConfigurationContent(content: unknown, source: string): ParsedContent {
  const read = checkDocument(ConfigurationContentSchema, content, source);
  const moduleContent = read.moduleContent ?? {};
  const isOldName = !Object.keys(moduleContent).some((key) => key.startsWith(DESIRED));
  const modulesContent = read.modulesContent ?? (isOldName ? checkModules(moduleContent, source) : {});
  const modules = new Map<string, readonly DesiredSetting[]>();
  for (const [name, sections] of Object.entries(modulesContent)) {
    modules.set(name, settingsOf(sections, `modulesContent.${name}`));
  }
  const device = settingsOf(read.deviceContent ?? {}, 'deviceContent');
  const module = isOldName ? [] : settingsOf(moduleContent, 'moduleContent');
  const given = [modules.size, device.length, module.length].filter((count) => count > 0).length;
  if (given !== 1) {
    const what = given === 0 ? 'is empty' : 'says several things at once';
    throw hubFault(
      'ArgumentInvalid',
      `${source} ${what}: it has one of modulesContent (for edge devices), deviceContent and moduleContent`,
    );
  }
  return { modules, device, module };
}

function checkModules(content: Record<string, unknown>, source: string): Record<string, Record<string, unknown>> {
  return checkDocument(Type.Record(Type.String(), Sections), content, `moduleContent of ${source}`);
}

/** The desired properties that settings give, from nothing. Later settings go over earlier ones, deeper ones last. */
export function desiredOf(settings: readonly DesiredSetting[], base: JsonObject = {}): JsonObject {
  let desired: JsonObject = base;
  for (const { path, value } of settings.toSorted((a, b) => a.path.length - b.path.length)) {
    desired = withValue(desired, path, value) as JsonObject;
  }
  return desired;
}

/** The names of the modules that an edge agent is to run, by its desired properties. */
export function moduleNames(agentDesired: JsonObject): string[] {
  const { modules } = agentDesired;
  return typeof modules === 'object' && modules !== null ? Object.keys(modules) : [];
}

function settingsOf(sections: Record<string, unknown>, where: string): DesiredSetting[] {
  return Object.entries(sections).map(([key, value]) => {
    if (key !== DESIRED && !key.startsWith(`${DESIRED}.`)) {
      throw hubFault(
        'ArgumentInvalid',
        `${where} has the key "${key}"; keys are "${DESIRED}" or a path below it, such as "${DESIRED}.modules.name"`,
      );
    }
    const path = key === DESIRED ? [] : key.slice(DESIRED.length + 1).split('.');
    if (path.length === 0 && (typeof value !== 'object' || value === null || Array.isArray(value))) {
      throw hubFault('ArgumentInvalid', `${where}["${key}"] is not an object`);
    }
    return { path, value };
  });
}

function withValue(base: unknown, path: readonly string[], value: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  const members = typeof base === 'object' && base !== null && !Array.isArray(base) ? (base as JsonObject) : {};
  const inner = Object.hasOwn(members, first) ? members[first] : undefined;
  return { ...members, [first]: withValue(inner, rest, value) };
}
