import type { TensorSpec } from '@edgewright/contract';
import { datatypeOfTensorFlow, datatypeOfTf } from './tfjs-tensors.ts';
import type { GraphSignature, ModelDocument, TensorInfo } from './model-document.ts';
import { ModelDocumentFault } from './model-document.ts';
import type { NamedTfTensors, TfCore, TfGraphModel, TfLayersModel, TfSymbol, TfTensor } from './tfjs-runtime.ts';

/** An output whose element type and shape the model may not say; then a run does. */
export type OutputSpec = Pick<TensorSpec, 'name'> & Partial<TensorSpec>;

/** A model of either form, in the runtime's terms. */
export interface TfjsModel {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly OutputSpec[];
  /** Tensors by the names of `inputs` to tensors by the names of `outputs`. */
  run(inputs: Readonly<NamedTfTensors>): Promise<NamedTfTensors>;
  dispose(): void;
}

/** A graph model by the names of its signature, or by those of its nodes where it has none. */
export function graphModel(model: TfGraphModel, { signature }: ModelDocument): TfjsModel {
  const inputs = signedTensors(signature?.inputs, model.inputNodes);
  const outputs = signedTensors(signature?.outputs, model.outputNodes);
  const wanted = outputs.map((output) => output.node);
  let isDynamic = false;
  const execute = async (feeds: NamedTfTensors): Promise<TfTensor | TfTensor[]> => {
    if (isDynamic) return model.executeAsync(feeds, wanted);
    try {
      return model.execute(feeds, wanted);
    } catch (error) {
      // loops, branches and shapes that depend on values: only the slower way can run them, and says so at the first run
      if (!(error instanceof Error && /dynamic op/.test(error.message))) throw error;
      isDynamic = true;
      return model.executeAsync(feeds, wanted);
    }
  };
  return {
    inputs: inputs.map(({ name, node, info }) =>
      inputSpec(
        name,
        info,
        model.inputs.find((one) => one.name === node),
      ),
    ),
    outputs: outputs.map(({ name, info }) => outputSpec(name, info)),
    run: async (given) => {
      const feeds: NamedTfTensors = {};
      for (const { name, node } of inputs) feeds[node] = given[name] as TfTensor;
      return named(outputs, await execute(feeds));
    },
    dispose: () => model.dispose(),
  };
}

/** A layers model; its inputs and outputs have the names of their layers. */
export function layersModel(core: Pick<TfCore, 'tidy'>, model: TfLayersModel): TfjsModel {
  // a Sequential has no names before it is built, which it else is at its first run
  if (model.getClassName() === 'Sequential') model.build();
  const specs = (names: readonly string[], symbols: readonly TfSymbol[], kind: string): TensorSpec[] =>
    symbols.map(({ dtype, shape }, i) => {
      const datatype = datatypeOfTf(dtype);
      const name = names[i] ?? '';
      if (datatype === undefined) throw typeFault(kind, name, dtype);
      return { name, datatype, shape: shape.map((extent) => extent ?? -1) };
    });
  const inputs = specs(model.inputNames, model.inputs, 'input');
  const outputs = specs(model.outputNames, model.outputs, 'output');
  return {
    inputs,
    outputs,
    // not predict(): it divides rows into batches, and takes no empty one
    run: async (given) => {
      const feeds = inputs.map(({ name }) => given[name] as TfTensor);
      return named(
        outputs,
        core.tidy(() => model.apply(feeds, { training: false })),
      );
    },
    dispose: () => model.dispose(),
  };
}

interface SignedTensor {
  readonly name: string;
  readonly node: string;
  readonly info?: TensorInfo;
}

function signedTensors(tensors: GraphSignature['inputs'], nodes: readonly string[]): SignedTensor[] {
  // a resource that the model captured is fed by the runtime, not by callers
  const entries = Object.entries(tensors ?? {}).filter(([, { dtype }]) => dtype !== 'DT_RESOURCE');
  if (entries.length === 0) return nodes.map((node) => ({ name: node, node }));
  return entries.map(([name, info]) => ({ name, node: (info.name ?? name).replace(/:0$/, ''), info }));
}

function inputSpec(
  name: string,
  info: TensorInfo | undefined,
  node: TfGraphModel['inputs'][number] | undefined,
): TensorSpec {
  const datatype = datatypeOfTensorFlow(info?.dtype) ?? (node === undefined ? undefined : datatypeOfTf(node.dtype));
  if (datatype === undefined) throw typeFault('input', name, info?.dtype ?? node?.dtype ?? 'unknown');
  return { name, datatype, shape: shapeOf(info) ?? node?.shape?.map((extent) => Math.max(extent, -1)) ?? [] };
}

function outputSpec(name: string, info: TensorInfo | undefined): OutputSpec {
  const datatype = datatypeOfTensorFlow(info?.dtype);
  const shape = shapeOf(info);
  return { name, ...(datatype === undefined ? {} : { datatype }), ...(shape === undefined ? {} : { shape }) };
}

function shapeOf(info: TensorInfo | undefined): number[] | undefined {
  if (info?.tensorShape === undefined || info.tensorShape.unknownRank === true) return undefined;
  // JSON of protobuf leaves out what is zero: a dimension without a size has none
  return (info.tensorShape.dim ?? []).map(({ size = 0 }) => Math.max(Number(size), -1));
}

function named(outputs: readonly { readonly name: string }[], tensors: TfTensor | TfTensor[]): NamedTfTensors {
  const list = Array.isArray(tensors) ? tensors : [tensors];
  return Object.fromEntries(outputs.flatMap(({ name }, i) => (list[i] === undefined ? [] : [[name, list[i]]])));
}

function typeFault(kind: string, name: string, dtype: string): ModelDocumentFault {
  return new ModelDocumentFault(`its ${kind} "${name}" has the element type ${dtype}, which is not carried`);
}
