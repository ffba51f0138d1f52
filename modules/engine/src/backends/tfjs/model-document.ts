/** The two forms in which TensorFlow.js writes models: a graph of operations, or Keras' layers. */
export type TfjsForm = 'graph-model' | 'layers-model';

/** What the engine reads of a `model.json`, whatever its form. */
export interface ModelDocument {
  readonly form: TfjsForm;
  /** The files of weights, in order, relative to the document and below its folder. */
  readonly weightFiles: readonly string[];
}
