import type { ListNode, ScalarNode, SchemaNode } from './schema-node.ts';

const REQUIRED = { optional: false, convert: true };
const MAX_DEPTH = 32;

/**
 * What a sample value stands for: values of the same form.
 *
 * @throws TypeError for what JSON cannot carry
 */
export function readSample(sample: unknown, path: string, depth = 0): SchemaNode {
  if (depth > MAX_DEPTH) throw new TypeError(`${path} is nested deeper than ${MAX_DEPTH} levels`);
  if (sample === null) return { kind: 'any', example: null, ...REQUIRED };
  switch (typeof sample) {
    case 'string':
      return scalar('BYTES', sample);
    case 'boolean':
      return scalar('BOOL', sample);
    case 'bigint':
      return scalar('INT64', Number.isSafeInteger(Number(sample)) ? Number(sample) : String(sample));
    case 'number':
      return scalar(Number.isInteger(sample) ? 'INT64' : 'FP64', Number.isFinite(sample) ? sample : String(sample));
    case 'object':
      return readObject(sample, path, depth);
    default:
      throw new TypeError(`${path} is a ${typeof sample}, which JSON cannot carry`);
  }
}

function readObject(sample: object, path: string, depth: number): SchemaNode {
  if (sample instanceof Date) return scalar('DATE', sample.toISOString());
  if (sample instanceof Uint8Array) return scalar('BASE64', Buffer.from(sample).toString('base64'));
  if (Array.isArray(sample)) return readList(sample, path, depth);
  const properties = Object.entries(sample).map(
    ([name, value]) => [name, readSample(value, `${path}.${name}`, depth + 1)] as const,
  );
  return {
    kind: 'object',
    properties: new Map(properties),
    example: Object.fromEntries(properties.map(([name, node]) => [name, node.example])),
    ...REQUIRED,
  };
}

function readList(sample: readonly unknown[], path: string, depth: number): ListNode {
  const nodes = sample.map((item, index) => readSample(item, `${path}[${index}]`, depth + 1));
  const items: SchemaNode[] = [];
  for (const node of nodes) {
    const known = items.findIndex((each) => formOf(each) === formOf(node));
    if (known < 0) items.push(node);
    // a fraction among whole numbers makes them all numbers
    const whole = items.findIndex((each) => each.kind === 'scalar' && each.type === 'INT64');
    const fraction = items.findIndex((each) => each.kind === 'scalar' && each.type === 'FP64');
    if (whole >= 0 && fraction >= 0) items.splice(whole, 1);
  }
  return { kind: 'list', items, example: nodes.map((node) => node.example), ...REQUIRED };
}

/** What tells forms apart: kinds and types all the way down. */
function formOf(node: SchemaNode): string {
  switch (node.kind) {
    case 'scalar':
      return node.type;
    case 'list':
      return `[${node.items.map(formOf).join('|')}]`;
    case 'object':
      return `{${[...node.properties].map(([name, each]) => `${JSON.stringify(name)}:${formOf(each)}`).toSorted().join()}}`; // prettier-ignore
    default:
      return node.kind;
  }
}

function scalar(type: ScalarNode['type'], example: unknown): ScalarNode {
  return { kind: 'scalar', type, example, ...REQUIRED };
}
