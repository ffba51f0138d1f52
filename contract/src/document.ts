import type { Static, TSchema } from 'typebox';
import Value from 'typebox/value';
import { ContractError } from './errors/contract-error.ts';

/** One place where a document does not follow its schema. */
export interface DocumentIssue {
  /** Where it is, in the form `$.platforms[1]`. */
  readonly path: string;
  /** What was expected there. */
  readonly expected: string;
  /** What stands there, as JSON, cut after 80 characters. */
  readonly found: string;
}

const MAX_ISSUES_IN_MESSAGE = 5;
const MAX_FOUND_LENGTH = 80;

/**
 * Checks a value against a schema and gives it its type.
 *
 * @param source what the value is, for the message, such as the file's name
 * @throws ContractError `InvalidDocument`, whose details hold every issue
 */
export function checkDocument<Schema extends TSchema>(schema: Schema, value: unknown, source: string): Static<Schema> {
  const issues = documentIssues(schema, value);
  if (issues.length === 0) return value as Static<Schema>;
  const shown = issues
    .slice(0, MAX_ISSUES_IN_MESSAGE)
    .map((issue) => `${issue.path}: expected ${issue.expected}, found ${issue.found}`);
  const more = issues.length - shown.length;
  throw new ContractError(
    'InvalidDocument',
    `${source} is not valid: ${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    { details: { source, issues } },
  );
}

/** Every place where a value does not follow a schema; empty when it does. */
export function documentIssues(schema: TSchema, value: unknown): DocumentIssue[] {
  const errors = [...Value.Errors(schema, value)].map((error) => ({
    ...error,
    params: error.params as Record<string, unknown>,
  }));
  const alternatives = new Set(errors.filter((e) => e.keyword === 'anyOf').map((e) => e.instancePath));
  const issues: DocumentIssue[] = [];
  for (const error of errors) {
    // a closed object reports each unknown key twice, and a union reports each of its branches: one line is enough
    if (error.keyword === 'boolean') continue;
    if (error.keyword !== 'anyOf' && alternatives.has(error.instancePath)) continue;
    issues.push(...issuesOf(schema, value, error));
  }
  return issues;
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message: string;
}

function issuesOf(schema: TSchema, value: unknown, error: SchemaError): DocumentIssue[] {
  const found = valueAt(value, error.instancePath);
  const path = jsonPath(error.instancePath);
  if (error.keyword === 'additionalProperties' || error.keyword === 'unevaluatedProperties') {
    const names = (error.params['additionalProperties'] ?? error.params['unevaluatedProperties'] ?? []) as string[];
    const known = Object.keys(
      (valueAt(schema, parentOf(error.schemaPath)) as { properties?: object } | undefined)?.properties ?? {},
    );
    return names.map((name) => ({
      path: `${path}.${name}`,
      expected: known.length === 0 ? 'no such key' : `one of the keys ${known.join(', ')}`,
      found: `the unknown key "${name}"`,
    }));
  }
  if (error.keyword === 'required') {
    const names = (error.params['requiredProperties'] ?? []) as string[];
    return names.map((name) => ({
      path: `${path}.${name}`,
      expected: 'a value (the key is required)',
      found: 'nothing',
    }));
  }
  return [{ path, expected: expectation(schema, error), found: shorten(found) }];
}

function expectation(schema: TSchema, error: SchemaError): string {
  const place = valueAt(schema, error.schemaPath.replace(/^#/, '')) as
    | { description?: string; anyOf?: { const?: unknown; type?: string }[] }
    | undefined;
  if (error.keyword === 'anyOf' && place?.anyOf !== undefined) {
    return place.anyOf
      .map((branch) => (branch.const === undefined ? (branch.type ?? 'a value') : JSON.stringify(branch.const)))
      .join(' or ');
  }
  if (error.keyword === 'const') return JSON.stringify(error.params['allowedValue']);
  if (error.keyword === 'type') return `a value of type ${String(error.params['type'])}`;
  if (['pattern', 'not'].includes(error.keyword) && place?.description !== undefined) return place.description;
  return error.message
    .replace(/^must (be|match|have|NOT have) /, (_, verb: string) => (verb === 'be' ? 'a value ' : `${verb} `))
    .trim();
}

function parentOf(schemaPath: string): string {
  return schemaPath.replace(/^#/, '');
}

/** `/a/0/b` as `$.a[0].b`. */
function jsonPath(pointer: string): string {
  const parts = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return `$${parts.map((part) => (/^\d+$/.test(part) ? `[${part}]` : /^[\w$-]+$/.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`)).join('')}`;
}

function valueAt(root: unknown, pointer: string): unknown {
  let value = root;
  for (const part of pointer.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return value;
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > MAX_FOUND_LENGTH ? `${text.slice(0, MAX_FOUND_LENGTH)}…` : text;
}
