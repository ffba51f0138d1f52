import type { CollectedRow, CollectionDesignation, CollectionSettings } from '@edgewright/contract';
import type { CollectedPayload, CollectedRequest } from './collected-request.ts';
import type { Cells, FlattenOptions } from './flatten.ts';
import { jsonRows } from './json-rows.ts';
import { Redactor } from './redactor.ts';
import { summariseBytes } from './summarise.ts';
import { tensorRows } from './tensor-rows.ts';

/** The rows of one request. */
export type RequestRows = Readonly<Partial<Record<CollectionDesignation, readonly CollectedRow[]>>>;

const MAX_ELEMENTS = 256;

/** Makes rows of requests, by the settings: what is redacted or too large never leaves here. */
export class RowMaker {
  readonly #settings: CollectionSettings;
  readonly #options: Readonly<Record<CollectionDesignation, FlattenOptions>>;

  /** @param hashKey needed when a field is hashed */
  constructor(settings: CollectionSettings, hashKey: string | undefined) {
    this.#settings = settings;
    const optionsFor = (designation: CollectionDesignation): FlattenOptions => ({
      maxElements: settings.maxElements ?? MAX_ELEMENTS,
      redactor: new Redactor(settings.redact ?? [], designation, hashKey),
    });
    this.#options = { inputs: optionsFor('inputs'), predictions: optionsFor('predictions') };
  }

  rowsOf(request: CollectedRequest): RequestRows {
    const wanted = new Set<CollectionDesignation>(this.#settings.designations ?? ['inputs', 'predictions']);
    const { inputName = 'data', outputName = 'predictions' } = request;
    // made even when they are not wanted: they say how many rows the predictions have
    const inputs = this.#cells(request.inputs, { designation: 'inputs', name: inputName });
    const predictions = wanted.has('predictions')
      ? this.#cells(request.predictions, { designation: 'predictions', name: outputName, expected: inputs.length })
      : [];
    return {
      ...(wanted.has('inputs') ? { inputs: rows(request, inputs) } : {}),
      ...(wanted.has('predictions') ? { predictions: rows(request, predictions) } : {}),
    };
  }

  #cells(
    payload: CollectedPayload,
    what: { readonly designation: CollectionDesignation; readonly name: string; readonly expected?: number },
  ): Cells[] {
    const { designation, name, expected } = what;
    const options = this.#options[designation];
    const names = designation === 'inputs' ? this.#settings.featureNames : undefined;
    if (payload.kind === 'tensors') return tensorRows(payload.tensors, names, options);
    if (payload.kind === 'json') return jsonRows(payload.value, { name, names, expected }, options);
    if (payload.kind === 'bytes' && payload.isJson === true) {
      const value = JSON.parse(Buffer.from(payload.bytes).toString()) as unknown;
      return jsonRows(value, { name, names, expected }, options);
    }
    const cells: Cells = new Map();
    if (payload.kind === 'nothing') return [cells];
    const { redactor } = options;
    const action = redactor.actionFor(name);
    if (action === undefined) cells.set(name, summariseBytes(payload.bytes));
    else if (action !== 'drop') cells.set(name, redactor.redact(action, Buffer.from(payload.bytes).toString('base64')));
    return [cells];
  }
}

function rows(request: CollectedRequest, cells: readonly Cells[]): CollectedRow[] {
  const { requestId, correlationId, at, host, model, version, sampledBy } = request;
  const facts = {
    requestId,
    ...(correlationId === undefined ? {} : { correlationId }),
    time: new Date(at).toISOString(),
    model,
    version,
    host,
    sampledBy,
  };
  return cells.map((row, index) => ({ ...facts, row: index, values: valuesOf(row) }));
}

/** Names become the first line of a file, and so have no ends of lines. */
function valuesOf(cells: Cells): CollectedRow['values'] {
  return Object.fromEntries([...cells].map(([name, cell]) => [name.replaceAll(/[\r\n]+/g, ' '), cell]));
}
