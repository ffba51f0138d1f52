import { tensorSpecText } from '@edgewright/contract';
import type { Model, TensorSpec } from '@edgewright/contract';

/** What the registry knows of a model, as Markdown. */
export function modelCardOf(model: Model): string {
  const rows = [
    ['Framework', [model.framework, model.frameworkVersion].filter((part) => part !== undefined).join(' ')],
    ['Format', model.format],
    ['Registered', model.createdTime],
    ['Size', `${model.sizeBytes} bytes`],
    ...Object.entries(model.opsets ?? {}).map(([domain, version]) => [
      `Operator set ${domain}`.trim(),
      String(version),
    ]),
    ...Object.entries(model.tags).map(([key, value]) => [`Tag ${key}`, value]),
    ...Object.entries(model.properties).map(([key, value]) => [`Property ${key}`, value]),
  ];
  return [
    `# ${model.id}`,
    ...(model.description === undefined ? [] : ['', model.description]),
    '',
    ...table(['', ''], rows),
    ...(model.signature === undefined ? [] : ['', '## Inputs', '', ...tensorTable(model.signature.inputs)]),
    ...(model.signature === undefined ? [] : ['', '## Outputs', '', ...tensorTable(model.signature.outputs)]),
    '',
    '## Files',
    '',
    ...table(
      ['File', 'Bytes', 'SHA-256'],
      model.files.map((file) => [file.path, String(file.sizeBytes), file.sha256]),
    ),
    '',
  ].join('\n');
}

function tensorTable(specs: readonly TensorSpec[]): string[] {
  return table(
    ['Name', 'Type and shape'],
    specs.map((spec) => [spec.name, tensorSpecText(spec)]),
  );
}

function table(heading: readonly string[], rows: readonly (readonly (string | undefined)[])[]): string[] {
  const line = (cells: readonly (string | undefined)[]): string =>
    `| ${cells.map((cell) => (cell ?? '').replaceAll(/[|\\]/g, String.raw`\$&`).replaceAll(/\s+/g, ' ')).join(' | ')} |`;
  return [line(heading), line(heading.map(() => '---')), ...rows.map((row) => line(row))];
}
