import { compileRoute, ContractError } from '@edgewright/contract';
import type { CompiledRoute } from '@edgewright/contract';
import { childRecord, recordOf } from '../json-record.ts';
import type { JsonRecord } from '../json-record.ts';
import type { LintCode } from './catalogue.ts';
import type { Severity } from './finding.ts';
import type { JsonSteps } from './json-path.ts';
import type { LintOptions } from './lint-options.ts';

/** What a rule says; reason and remedy come from the catalogue. */
export interface Observation {
  readonly code: LintCode;
  readonly at: JsonSteps;
  readonly message: string;
  /** When it is other than the catalogue's. */
  readonly severity?: Severity;
}

/** A module of a manifest, as it is written. */
export interface LintModule {
  readonly name: string;
  readonly system: boolean;
  readonly at: JsonSteps;
  readonly record: JsonRecord;
}

/** A route of a manifest, as it is written, and compiled when that is possible. */
export interface LintRoute {
  readonly name: string;
  readonly at: JsonSteps;
  readonly entry: unknown;
  /** The route's text and its place, which is inside of the entry when that is an object. */
  readonly text?: string;
  readonly textAt: JsonSteps;
  readonly priority?: number;
  readonly timeToLiveSecs?: number;
  readonly compiled?: CompiledRoute;
  readonly fault?: ContractError;
}

/** Desired properties of a module twin. */
export interface LintTwin {
  readonly module: string;
  readonly at: JsonSteps;
  readonly desired: JsonRecord;
}

/** A manifest as rules look at it: read without trusting its form. */
export interface LintSubject {
  readonly document: unknown;
  readonly options: LintOptions;
  /** A layer of a deployment: `content` stands at its top, and its keys are dotted. */
  readonly layered: boolean;
  /** Where `modulesContent` stands. */
  readonly contentAt: JsonSteps;
  readonly content: JsonRecord;
  readonly modules: readonly LintModule[];
  readonly routes: readonly LintRoute[];
  /** Of `$edgeAgent` and `$edgeHub` too. */
  readonly twins: readonly LintTwin[];
}

const DESIRED = 'properties.desired';

/** Reads a manifest for the rules. */
export function readSubject(document: unknown, options: LintOptions): LintSubject {
  const layered = childRecord(document, 'content') !== undefined;
  const contentAt = layered ? ['content', 'modulesContent'] : ['modulesContent'];
  const content = childRecord(layered ? childRecord(document, 'content') : document, 'modulesContent') ?? {};
  const members = (section: string, member: string) => desiredMembers(content, [...contentAt, section], member);
  return {
    document,
    options,
    layered,
    contentAt,
    content,
    modules: [
      ...members('$edgeAgent', 'systemModules').map((found) => moduleOf(found, true)),
      ...members('$edgeAgent', 'modules').map((found) => moduleOf(found, false)),
    ],
    routes: members('$edgeHub', 'routes').map(routeOf),
    twins: Object.keys(content).flatMap((module) => twinsOf(content, module, contentAt)),
  };
}

interface Member {
  readonly name: string;
  readonly at: JsonSteps;
  readonly value: unknown;
}

/** The members of a map in desired properties, whether they stand in the map or under dotted keys, as in layers. */
function desiredMembers(content: JsonRecord, at: JsonSteps, member: string): Member[] {
  const section = childRecord(content, String(at.at(-1))) ?? {};
  const inside = (value: unknown, steps: JsonSteps): Member[] =>
    Object.entries(recordOf(value) ?? {}).map(([name, child]) => ({ name, at: [...steps, name], value: child }));
  return Object.entries(section).flatMap(([key, value]) => {
    const steps = [...at, key];
    if (key === DESIRED) return inside(childRecord(value, member), [...steps, member]);
    if (key === `${DESIRED}.${member}`) return inside(value, steps);
    const prefix = `${DESIRED}.${member}.`;
    return key.startsWith(prefix) ? [{ name: key.slice(prefix.length), at: steps, value }] : [];
  });
}

function moduleOf({ name, at, value }: Member, system: boolean): LintModule {
  return { name, system, at, record: recordOf(value) ?? {} };
}

function routeOf({ name, at, value }: Member): LintRoute {
  const record = recordOf(value);
  const text = record === undefined ? value : record['route'];
  const textAt = record === undefined ? at : [...at, 'route'];
  return {
    name,
    at,
    entry: value,
    textAt,
    ...(typeof text === 'string' ? { text, ...compiled(text) } : {}),
    ...numberMember(record, 'priority'),
    ...numberMember(record, 'timeToLiveSecs'),
  };
}

function numberMember(record: JsonRecord | undefined, name: 'priority' | 'timeToLiveSecs'): Record<string, number> {
  const value = record?.[name];
  return typeof value === 'number' ? { [name]: value } : {};
}

function compiled(text: string): { compiled: CompiledRoute } | { fault: ContractError } {
  try {
    return { compiled: compileRoute(text) };
  } catch (error) {
    if (error instanceof ContractError) return { fault: error };
    throw error;
  }
}

function twinsOf(content: JsonRecord, module: string, contentAt: JsonSteps): LintTwin[] {
  return Object.entries(childRecord(content, module) ?? {}).flatMap(([key, value]) => {
    const desired = recordOf(value);
    if (desired === undefined || (key !== DESIRED && !key.startsWith(`${DESIRED}.`))) return [];
    return [{ module, at: [...contentAt, module, key], desired }];
  });
}
