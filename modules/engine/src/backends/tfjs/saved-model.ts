import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import type { TensorSpec } from '@edgewright/contract';
import { EngineError } from '../../engine-error.ts';
import type { EngineModel } from '../../engine-options.ts';
import type { Session } from '../backend.ts';
import { ModelDocumentFault } from './model-document.ts';
import { openSession } from './open-session.ts';
import { loadRuntime } from './runtime.ts';
import type { TfjsModel } from './tfjs-model.ts';
import type { NamedTfTensors, TfCore } from './tfjs-runtime.ts';
import { datatypeOfTensorFlow } from './tfjs-tensors.ts';

/** What the engine uses of @tensorflow/tfjs-node 4.22. */
export interface TfjsNode extends Pick<TfCore, 'tensor'> {
  readonly node: {
    getMetaGraphsFromSavedModel(folder: string): Promise<readonly MetaGraph[]>;
    loadSavedModel(folder: string, tags: readonly string[], signature: string): Promise<SavedModel>;
  };
}

interface MetaGraph {
  readonly tags: readonly string[];
  readonly signatureDefs: Readonly<Record<string, Record<'inputs' | 'outputs', Readonly<Record<string, SavedTensor>>>>>;
}

interface SavedTensor {
  /** TensorFlow's name of the element type, such as `DT_FLOAT`. */
  readonly tfDtype: string;
  /** Dimensions; the package hands out messages of google-protobuf here. */
  readonly shape: readonly (number | { getSize(): number })[];
}

interface SavedModel {
  predict(inputs: NamedTfTensors): NamedTfTensors;
  dispose(): void;
}

// in a variable: neither compiler nor bundler may look for a package that is not there in most places
const PACKAGE: string = '@tensorflow/tfjs-node';
const TAGS = ['serve'];
const SIGNATURE = 'serving_default';

/**
 * Opens a SavedModel with @tensorflow/tfjs-node, which must be installed by whoever needs it (docs/decisions/0072).
 *
 * @param load gives the package
 * @throws EngineError `BackendUnavailable` where the package does not load, `ModelNotLoadable`
 */
export async function openSavedModel(
  model: EngineModel,
  load: () => Promise<TfjsNode> = async () => (await import(PACKAGE)) as TfjsNode,
): Promise<Session> {
  const runtime = await loadRuntime();
  const package_ = await loadPackage(model, load);
  return openSession({
    model,
    stage: { core: package_, exclusively: (kernels, work) => runtime.exclusively(kernels, work) },
    kernels: 'tensorflow',
    open: async () => openWith(package_, path.dirname(model.path)),
  });
}

async function loadPackage(model: EngineModel, load: () => Promise<TfjsNode>): Promise<TfjsNode> {
  try {
    return await load();
  } catch (cause) {
    const reason = messageOf(cause).split('\n')[0] ?? '';
    throw new EngineError(
      'BackendUnavailable',
      `cannot load the SavedModel ${model.name}:${model.version} from ${model.path}: ${PACKAGE} does not load: ${reason}; ` +
        'convert the model once with tensorflowjs_converter (graph model), or to ONNX with tf2onnx, and deploy that',
      { details: { model: model.name, version: model.version, path: model.path, package: PACKAGE, reason }, cause },
    );
  }
}

async function openWith({ node }: TfjsNode, folder: string): Promise<TfjsModel> {
  const graphs = await node.getMetaGraphsFromSavedModel(folder);
  const graph = graphs.find(({ tags }) => tags.length === TAGS.length && tags.every((tag) => TAGS.includes(tag)));
  const signature = graph?.signatureDefs[SIGNATURE];
  if (signature === undefined) {
    const known = graphs.flatMap(({ tags, signatureDefs }) => Object.keys(signatureDefs).map((name) => `${tags.join('+')}/${name}`)); // prettier-ignore
    throw new ModelDocumentFault(
      `it has no signature ${TAGS.join('+')}/${SIGNATURE}; it has ${known.join(', ') || 'none'}`,
    );
  }
  const saved = await node.loadSavedModel(folder, TAGS, SIGNATURE);
  return {
    inputs: Object.entries(signature.inputs).map(([name, tensor]) => specOf(name, tensor)),
    outputs: Object.entries(signature.outputs).map(([name, tensor]) => specOf(name, tensor)),
    run: async (inputs) => saved.predict(inputs),
    dispose: () => saved.dispose(),
  };
}

function specOf(name: string, { tfDtype, shape }: SavedTensor): TensorSpec {
  const datatype = datatypeOfTensorFlow(tfDtype);
  if (datatype === undefined) throw new ModelDocumentFault(`its tensor "${name}" has the element type ${tfDtype}, which is not carried`); // prettier-ignore
  return { name, datatype, shape: shape.map((extent) => (typeof extent === 'number' ? extent : extent.getSize())) };
}
