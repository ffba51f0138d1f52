import { EngineError } from '../engine-error.ts';
import type { LoadedModel } from '../engine.ts';
import type { NamedTensors, Tensor } from '../tensor.ts';
import { nestedFromTensor, tensorFromNested } from './json-tensor.ts';

/** A request without an entry script, in tensors. */
export interface DecodedRequest {
  readonly model: LoadedModel;
  readonly inputs: NamedTensors;
  /** How the answer is written: rows (`{"data": …}` was sent) or columns (`{"inputs": {…}}`). */
  readonly form: 'rows' | 'columns';
}

/**
 * Reads a request for a model that is served as it is: `{"data": nested}` for a model with one input, `{"inputs": {name:
 * nested}}` for any; `"model"` names the model when there are several.
 *
 * @throws EngineError `InputInvalid`
 */
export function decodeJsonRequest(data: unknown, models: readonly LoadedModel[], maxElements: number): DecodedRequest {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw invalid(`expected an object with "data" or "inputs", found ${Array.isArray(data) ? 'an array' : JSON.stringify(data)}`); // prettier-ignore
  }
  const body = data as Readonly<Record<string, unknown>>;
  const model = modelOf(body['model'], models);
  const specs = model.signature.inputs;
  const columns = body['inputs'];
  if (columns !== undefined) {
    if (typeof columns !== 'object' || columns === null || Array.isArray(columns)) {
      throw invalid(`"inputs" must be an object with one array for each of ${specs.map((spec) => spec.name).join(', ')}`);
    } // prettier-ignore
    return { model, form: 'columns', inputs: decodeColumns(columns as Record<string, unknown>, model, maxElements) };
  }
  const [spec] = specs;
  if (body['data'] === undefined) throw invalid(`it has neither "data" nor "inputs"; its keys are ${Object.keys(body).join(', ') || 'none'}`); // prettier-ignore
  if (spec === undefined || specs.length > 1) {
    throw invalid(`"data" serves models with one input, but ${model.name} has ${specs.length}: send {"inputs": {${specs.map((each) => `"${each.name}": …`).join(', ')}}}`); // prettier-ignore
  }
  return {
    model,
    form: 'rows',
    inputs: { [spec.name]: tensorFromNested(body['data'], spec, { path: '$.data', maxElements }) },
  };
}

/**
 * Writes the answer of a model that is served as it is: `{"predictions": …}` to `{"data": …}` (the output's nested array,
 * or one for each output by name when there are several), `{"outputs": {name: …}}` to `{"inputs": …}`.
 */
export function encodeJsonAnswer(outputs: NamedTensors, form: DecodedRequest['form']): Record<string, unknown> {
  const names = Object.keys(outputs);
  const nested = Object.fromEntries(names.map((name) => [name, nestedFromTensor(outputs[name] as Tensor)]));
  if (form === 'columns') return { outputs: nested };
  const [only] = names;
  return { predictions: names.length === 1 && only !== undefined ? nested[only] : nested };
}

function decodeColumns(
  columns: Readonly<Record<string, unknown>>,
  model: LoadedModel,
  maxElements: number,
): NamedTensors {
  const inputs: Record<string, Tensor> = {};
  for (const [name, value] of Object.entries(columns)) {
    const spec = model.signature.inputs.find((each) => each.name === name);
    if (spec === undefined) {
      const known = model.signature.inputs.map((each) => each.name).join(', ');
      throw invalid(`${model.name} has no input "${name}"; its inputs are ${known}`);
    }
    inputs[name] = tensorFromNested(value, spec, { path: `$.inputs.${name}`, maxElements });
  }
  return inputs;
}

function modelOf(name: unknown, models: readonly LoadedModel[]): LoadedModel {
  const [only] = models;
  if (name === undefined && only !== undefined && models.length === 1) return only;
  const found = models.find((model) => model.name === name);
  if (found !== undefined) return found;
  const known = models.map((model) => model.name).join(', ');
  throw invalid(
    name === undefined
      ? `there are several models: name one as "model" (${known})`
      : `there is no model ${JSON.stringify(name)}; there is ${known}`,
  );
}

function invalid(fault: string): EngineError {
  return new EngineError('InputInvalid', `cannot read the request: ${fault}`, { details: { path: '$' } });
}
