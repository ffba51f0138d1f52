import type { TensorSpec } from '@edgewright/contract';
import { arrayOf, elementCount } from '../array-of.ts';
import { EngineError } from '../engine-error.ts';
import type { Tensor } from '../tensor.ts';
import { elementReader, elementRule, elementWriter } from './json-elements.ts';
import type { ElementReader } from './json-elements.ts';

/** Where a nested array stands in the request, and how large it may be. */
export interface NestedArrayPlace {
  /** As a JSON path, such as `$.data`. */
  readonly path: string;
  readonly maxElements: number;
}

type Elements = { [index: number]: number | bigint | string };

interface Filling {
  readonly spec: TensorSpec;
  readonly shape: readonly number[];
  readonly elements: Elements;
  readonly read: ElementReader;
  readonly place: NestedArrayPlace;
  next: number;
}

/**
 * Reads a nested JSON array, such as `[[1, 2], [3, 4]]`, into the tensor that a model's input asks for. The nesting is the
 * shape; a scalar is a bare value.
 *
 * @throws EngineError `InputInvalid` with the JSON path of the offending place
 */
export function tensorFromNested(value: unknown, spec: TensorSpec, place: NestedArrayPlace): Tensor {
  const shape = shapeOfNested(value);
  checkShape(shape, spec, place);
  const count = elementCount(shape);
  const data = spec.datatype === 'BYTES' ? Array.from<string>({ length: count }) : new (arrayOf(spec.datatype))(count);
  const filling: Filling = {
    spec,
    shape,
    elements: data,
    read: elementReader(spec.datatype),
    place,
    next: 0,
  };
  fill(value, [], filling);
  return { datatype: spec.datatype, shape, data };
}

/**
 * Reads elements in row-major order, without nesting, into a tensor of the shape that goes with them.
 *
 * @throws EngineError `InputInvalid` with the JSON path of the offending place
 */
export function tensorFromFlat(values: readonly unknown[], spec: TensorSpec, place: NestedArrayPlace): Tensor {
  const { datatype, shape } = spec;
  const count = elementCount(shape);
  if (count > place.maxElements) throw invalid(place.path, `it has ${count} elements; the limit is ${place.maxElements}`, { input: spec.name }); // prettier-ignore
  if (values.length !== count) throw invalid(place.path, `it has ${values.length} elements, but ${datatype}[${shape.join(',')}] takes ${count}`, { input: spec.name }); // prettier-ignore
  const data = datatype === 'BYTES' ? Array.from<string>({ length: count }) : new (arrayOf(datatype))(count);
  const filling: Filling = { spec, shape: [count], elements: data, read: elementReader(datatype), place, next: 0 };
  fill(values, [], filling);
  return { datatype, shape, data };
}

/** The elements of a tensor as nested arrays; a scalar as a bare value. Non-finite numbers as `"NaN"`, `"Infinity"`, `"-Infinity"`. */
export function nestedFromTensor(tensor: Tensor): unknown {
  const flat = flatFromTensor(tensor);
  if (tensor.shape.length === 0) return flat[0];
  let level = flat;
  for (let axis = tensor.shape.length - 1; axis > 0; axis -= 1) level = group(level, tensor.shape, axis);
  return level;
}

/** The elements of a tensor in JSON form, in row-major order. */
export function flatFromTensor({ datatype, data }: Tensor): unknown[] {
  const write = elementWriter(datatype);
  const flat = Array.from<unknown>({ length: data.length });
  for (let i = 0; i < data.length; i += 1) flat[i] = write(data[i] as number | bigint | string);
  return flat;
}

function group(level: readonly unknown[], shape: readonly number[], axis: number): unknown[] {
  const size = shape[axis] ?? 0;
  const groups = Array.from<unknown>({ length: elementCount(shape.slice(0, axis)) });
  for (let i = 0; i < groups.length; i += 1) groups[i] = level.slice(i * size, (i + 1) * size);
  return groups;
}

/** The elements of a nested array in row-major order; undefined when it is not regular. */
export function flatFromNested(value: unknown, shape: readonly number[]): unknown[] | undefined {
  let level: unknown[] = [value];
  for (const size of shape) {
    if (!level.every((part) => Array.isArray(part) && part.length === size)) return undefined;
    level = level.flat(1);
  }
  return level.some((part) => Array.isArray(part)) ? undefined : level;
}

/** The shape of a nested array as its first elements suggest it; whether the others agree is to be found out. */
export function shapeOfNested(value: unknown): number[] {
  const shape: number[] = [];
  for (let level = value; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    // no tensor has more dimensions, and a cycle-free JSON value may still be nested without end
    if (shape.length > 32) break;
  }
  return shape;
}

function checkShape(shape: readonly number[], spec: TensorSpec, place: NestedArrayPlace): void {
  const wanted = spec.shape;
  const free = wanted.length === 0;
  // an empty batch is written as [], which says nothing of the inner dimensions
  const agrees =
    shape.length === wanted.length && shape.every((size, axis) => wanted[axis] === -1 || wanted[axis] === size);
  if (!free && !agrees) {
    throw invalid(
      place.path,
      `it is an array of the shape [${shape.join(',')}], but the input "${spec.name}" takes ${spec.datatype}[${wanted.join(',')}] (-1 is any size)`,
      { input: spec.name, found: shape, expected: wanted },
    );
  }
  const count = elementCount(shape);
  if (count > place.maxElements) {
    throw invalid(place.path, `it has ${count} elements; the limit is ${place.maxElements}`, { input: spec.name, elements: count }); // prettier-ignore
  }
}

function fill(value: unknown, at: number[], filling: Filling): void {
  const axis = at.length;
  const { shape, elements, read, spec } = filling;
  if (axis === shape.length) {
    const element = read(value);
    if (element === undefined) throw invalid(pathOf(filling, at), `expected ${elementRule(spec.datatype)}, found ${shorten(value)}`, { input: spec.name }); // prettier-ignore
    elements[filling.next] = element;
    filling.next += 1;
    return;
  }
  if (!Array.isArray(value) || value.length !== shape[axis]) {
    const found = Array.isArray(value) ? `an array of ${value.length}` : shorten(value);
    throw invalid(pathOf(filling, at), `expected an array of ${shape[axis]} like the first one beside it, found ${found}`, { input: spec.name }); // prettier-ignore
  }
  const last = axis === shape.length - 1;
  if (last && elements instanceof Float32Array && fillFloats(value, elements, filling)) return;
  for (let i = 0; i < value.length; i += 1) {
    if (last) {
      const element = read(value[i]);
      if (element !== undefined) {
        elements[filling.next] = element;
        filling.next += 1;
        continue;
      }
    }
    at.push(i);
    fill(value[i], at, filling);
    at.pop();
  }
}

/** Plain numbers into floats, which is what most requests are made of; false when there is something else among them. */
function fillFloats(values: readonly unknown[], elements: Float32Array, filling: Filling): boolean {
  const { next } = filling;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i];
    if (typeof value !== 'number') return false;
    elements[next + i] = value;
  }
  filling.next += values.length;
  return true;
}

function pathOf({ place }: Filling, at: readonly number[]): string {
  return `${place.path}${at.map((index) => `[${index}]`).join('')}`;
}

function invalid(path: string, fault: string, facts: Readonly<Record<string, unknown>>): EngineError {
  return new EngineError('InputInvalid', `cannot read the request at ${path}: ${fault}`, {
    details: { path, ...facts },
  });
}

function shorten(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
