import { tensorSpecText } from '@edgewright/contract';
import type { Model } from '@edgewright/contract';
import { keyValues, sizeText, textTable } from './text-table.ts';

/** A network has a few dozen kinds; the others are in the JSON. */
const SHOWN_OPERATORS = 20;

/** Tags and properties as one gives them. */
export function pairTexts(pairs: Readonly<Record<string, string>>): string[] {
  return Object.entries(pairs).map(([key, value]) => (value === '' ? key : `${key}=${value}`));
}

/** Models, one on a line. */
export function modelTable(models: readonly Model[]): string {
  return textTable(models, [
    { heading: 'ID', cell: (model) => model.id },
    { heading: 'FRAMEWORK', cell: (model) => model.framework },
    { heading: 'SIZE', cell: (model) => sizeText(model.sizeBytes), align: 'right' },
    { heading: 'CREATED', cell: (model) => model.createdTime },
    { heading: 'DESCRIPTION', cell: (model) => model.description ?? '' },
  ]);
}

/** What is known of a model. */
export function modelText(model: Model): string {
  const tensors = (
    specs: readonly {
      name: string;
      datatype: Parameters<typeof tensorSpecText>[0]['datatype'];
      shape: number[];
    }[] = [],
  ) => specs.map((spec) => `${spec.name} ${tensorSpecText(spec)}`).join(', ');
  const pairs = (record: Readonly<Record<string, string>>) => pairTexts(record).join(' ') || undefined;
  return keyValues([
    ['id', model.id],
    ['created', model.createdTime],
    ['changed', model.modifiedTime],
    ['description', model.description],
    ['run', model.runId === undefined ? undefined : `${model.runId} of ${model.experimentName ?? 'no experiment'}`],
    ['framework', [model.framework, model.frameworkVersion].filter(Boolean).join(' ')],
    ['format', model.format],
    ['inputs', model.signature === undefined ? undefined : tensors(model.signature.inputs)],
    ['outputs', model.signature === undefined ? undefined : tensors(model.signature.outputs)],
    ['operators', operatorText(model)],
    ['tags', pairs(model.tags)],
    ['properties', pairs(model.properties)],
    ['datasets', (model.datasets ?? []).map(({ name, id }) => `${name}=${id}`).join(' ') || undefined],
    ['samples', samplesText(model)],
    ['resources', resourcesText(model)],
    ['baseline', baselineText(model)],
    ['size', sizeText(model.sizeBytes)],
    ['files', model.files.map((file) => `${file.path} sha256:${file.sha256.slice(0, 12)}…`).join(', ')],
  ]);
}

/** `Gemm, Relu (ai.onnx 13)` */
function operatorText({ operators = [], opsets = {} }: Model): string | undefined {
  if (operators.length === 0) return undefined;
  const sets = Object.entries(opsets).map(([domain, version]) => `${domain} ${version}`);
  const shown = operators.slice(0, SHOWN_OPERATORS).join(', ');
  const more = operators.length > SHOWN_OPERATORS ? ` and ${operators.length - SHOWN_OPERATORS} more` : '';
  return `${shown}${more} (${sets.join(', ')})`;
}

/** `10 inputs and 1 output, of 353 rows of train.csv` */
function baselineText({ baseline }: Model): string | undefined {
  if (baseline === undefined) return undefined;
  const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
  const { inputs, outputs, source } = baseline;
  return `${counted(inputs, 'input')} and ${counted(outputs, 'output')}, of ${counted(source.rows, 'row')} of ${source.file}`;
}

function samplesText({ sampleInputDatasetId, sampleOutputDatasetId }: Model): string | undefined {
  const parts = [
    ...(sampleInputDatasetId === undefined ? [] : [`input=${sampleInputDatasetId}`]),
    ...(sampleOutputDatasetId === undefined ? [] : [`output=${sampleOutputDatasetId}`]),
  ];
  return parts.join(' ') || undefined;
}

function resourcesText({ resourceConfiguration: wanted }: Model): string | undefined {
  if (wanted === undefined) return undefined;
  const { cpu, memoryInGB, gpu } = wanted;
  return [
    ...(cpu === undefined ? [] : [`cpu=${cpu}`]),
    ...(memoryInGB === undefined ? [] : [`memoryInGB=${memoryInGB}`]),
    ...(gpu === undefined ? [] : [`gpu=${gpu}`]),
  ].join(' ');
}
