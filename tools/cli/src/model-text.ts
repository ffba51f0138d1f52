import { tensorSpecText } from '@edgewright/contract';
import type { Model } from '@edgewright/contract';
import { keyValues, sizeText, textTable } from './text-table.ts';

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
    ['description', model.description],
    ['framework', [model.framework, model.frameworkVersion].filter(Boolean).join(' ')],
    ['format', model.format],
    ['inputs', model.signature === undefined ? undefined : tensors(model.signature.inputs)],
    ['outputs', model.signature === undefined ? undefined : tensors(model.signature.outputs)],
    ['tags', pairs(model.tags)],
    ['properties', pairs(model.properties)],
    ['size', sizeText(model.sizeBytes)],
    ['files', model.files.map((file) => `${file.path} sha256:${file.sha256.slice(0, 12)}…`).join(', ')],
  ]);
}
