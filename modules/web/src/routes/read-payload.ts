import {
  decodeOipRequest,
  decodeRawTensor,
  defaultLimits,
  encodeOipResponse,
  readOipRequest,
} from '@edgewright/engine';
import type { EngineDescription, HttpCall, LoadedModel, NamedTensors, OipRequest } from '@edgewright/engine';
import type { FastifyRequest } from 'fastify';
import { readBytes, readJsonBody, readQuery, readScriptBody, mediaType } from '../read-body.ts';
import { WebError } from '../web-error.ts';
import { HEADER_LENGTH, headerLengthOf } from './header-length.ts';
import { encodeTensorAnswer } from './tensor-answer.ts';
import type { EncodedTensors } from './tensor-answer.ts';

/** What a request to `/score` brings. */
export type Payload = ScorePayload | TensorPayload;

/** For the entry script, or for the model in JSON terms or as an image. */
export interface ScorePayload {
  readonly kind: 'score';
  readonly data: unknown;
  readonly image?: Uint8Array;
  readonly http?: HttpCall;
}

/** Tensors for a model that is served as it is, and how its answer is written. */
export interface TensorPayload {
  readonly kind: 'tensors';
  readonly model: LoadedModel;
  readonly inputs: NamedTensors;
  readonly encode: (outputs: NamedTensors) => EncodedTensors;
}

type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

const NO_BODY = new Uint8Array();

// the engine holds tensors to its own limit; with this one, what no engine takes is not even made
const MAX_ELEMENTS = defaultLimits.tensorElements;

/**
 * Reads a request to `/score` by what the service is: an entry script's data or whole request, an image, tensors, or JSON.
 *
 * @throws WebError `MediaTypeUnsupported`, `RequestInvalid`; ContractError `InvalidJson`; EngineError `InputInvalid`
 */
export function readPayload(request: FastifyRequest, description: EngineDescription): Payload {
  const { script } = description;
  const posted = request.method === 'POST';
  if (script?.raw === true) return { kind: 'score', data: undefined, http: callOf(request, readBytes(request.body)) };
  if (description.entryScript) {
    const declared = script?.input !== undefined;
    const data = posted ? readScriptBody(request.headers, request.body, declared) : readQuery(request.query as Query);
    return { kind: 'score', data, http: callOf(request, NO_BODY) };
  }
  if (!posted) return { kind: 'score', data: readQuery(request.query as Query) };
  return readModelPayload(request, description);
}

/** A request of the Open Inference Protocol to one model, by its headers. */
export function readOip(request: FastifyRequest, model: LoadedModel): TensorPayload {
  const decoded = decodeOipRequest(readBytes(request.body), headerLengthOf(request.headers), {
    model,
    maxElements: MAX_ELEMENTS,
  });
  return oipPayload(model, decoded);
}

function readModelPayload(request: FastifyRequest, description: EngineDescription): Payload {
  const { headers, body } = request;
  const type = mediaType(headers);
  const shape = parameter(request, 'shape');
  if (headers[HEADER_LENGTH] !== undefined) return readOip(request, modelOf(description, parameter(request, 'model')));
  const bytes = /^(image\/.+|application\/octet-stream)$/.test(type);
  if (bytes && description.images === true && shape === undefined) {
    return { kind: 'score', data: undefined, image: readBytes(body) };
  }
  if (type === 'application/octet-stream') return readTensorBytes(request, description, shape);
  const data = readJsonBody(headers, body);
  if (!isOip(data)) return { kind: 'score', data };
  const model = modelOf(description, typeof data.model === 'string' ? data.model : parameter(request, 'model'));
  return oipPayload(model, readOipRequest(data, NO_BODY, { model, maxElements: MAX_ELEMENTS }));
}

/** The bytes of one tensor; its shape stands in the query, in a header, or follows from the model. */
function readTensorBytes(
  request: FastifyRequest,
  description: EngineDescription,
  shape: string | undefined,
): TensorPayload {
  const model = modelOf(description, parameter(request, 'model'));
  const input = parameter(request, 'input');
  const inputs = decodeRawTensor(readBytes(request.body), {
    model,
    maxElements: MAX_ELEMENTS,
    ...(input === undefined ? {} : { input }),
    ...(shape === undefined ? {} : { shape }),
  });
  const bytes = /application\/octet-stream/.test(request.headers.accept ?? '');
  return { kind: 'tensors', model, inputs, encode: (outputs) => encodeTensorAnswer(outputs, { bytes }) };
}

function oipPayload(model: LoadedModel, { id, inputs, outputs: wanted }: OipRequest): TensorPayload {
  return {
    kind: 'tensors',
    model,
    inputs,
    encode: (outputs) => {
      const { body, headerLength } = encodeOipResponse(outputs, { model, wanted, ...(id === undefined ? {} : { id }) });
      if (headerLength === undefined) return { body, headers: { 'content-type': 'application/json' } };
      return { body, headers: { 'content-type': 'application/octet-stream', [HEADER_LENGTH]: String(headerLength) } };
    },
  };
}

/** The model that is named, or the only one. */
function modelOf({ models }: EngineDescription, name: string | undefined): LoadedModel {
  const found = name === undefined && models.length === 1 ? models[0] : models.find((model) => model.name === name);
  if (found !== undefined) return found;
  const known = models.map((model) => model.name).join(', ');
  throw new WebError('RequestInvalid', name === undefined ? `there are several models, name one with ?model=: ${known}` : `there is no model "${name}"; there is ${known}`); // prettier-ignore
}

/** What goes with bytes: in the query, or in a header, `x-edgewright-shape` for `shape`. */
function parameter(request: FastifyRequest, name: string): string | undefined {
  const inQuery = (request.query as Query)[name];
  const value = inQuery ?? request.headers[`x-edgewright-${name}`];
  return typeof value === 'string' ? value : undefined;
}

function isOip(data: unknown): data is { readonly inputs: readonly unknown[]; readonly model?: unknown } {
  return typeof data === 'object' && data !== null && Array.isArray((data as { inputs?: unknown }).inputs);
}

function callOf({ method, url, headers }: FastifyRequest, body: Uint8Array): HttpCall {
  const list: [string, string][] = [];
  for (const [name, value] of Object.entries(headers)) {
    for (const each of Array.isArray(value) ? value : [value ?? '']) list.push([name, each]);
  }
  return { method, url, headers: list, body };
}
