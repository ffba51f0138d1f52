/**
 * What a model file was found to be:
 *
 * | format | file |
 * |---|---|
 * | `onnx` | an ONNX file |
 * | `tfjs` | `model.json` of TensorFlow.js with its weights beside it, or `saved_model.pb` of a TensorFlow SavedModel |
 * | `remote` | a description of a model that runs elsewhere, `*.remote.json`: see `RemoteModelSchema` |
 * | `other` | anything else: entry scripts may read it, no backend does |
 */
export const modelFormats = ['onnx', 'tfjs', 'remote', 'other'] as const;

export type ModelFormat = (typeof modelFormats)[number];

/**
 * What the name of a file says of its format. Who can read the file should look inside: any JSON may be called `model.json`.
 *
 * @param name the name or path of the file
 */
export function modelFormatOf(name: string): ModelFormat {
  const file = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1).toLowerCase();
  if (file.endsWith('.onnx')) return 'onnx';
  if (file === 'model.json' || file === 'saved_model.pb') return 'tfjs';
  if (file.endsWith('.remote.json')) return 'remote';
  return 'other';
}
