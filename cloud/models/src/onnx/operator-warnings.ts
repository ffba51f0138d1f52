import { platforms } from '@edgewright/contract';
import type { Platform } from '@edgewright/contract';

/** The newest operator set of `ai.onnx` that ONNX Runtime 1.30 runs, natively and as WebAssembly alike. */
const NEWEST_OPSET = 26;

/** The domains whose operators ONNX Runtime knows without a library of custom operators. */
const KNOWN_DOMAINS = new Set(['ai.onnx', 'ai.onnx.ml', 'com.microsoft', 'com.microsoft.nchwc']);

/**
 * Operators that ONNX Runtime 1.30 knows and cannot run on a processor: there is no kernel of them, for graphics processors
 * alone, or for none. Found by opening a model of each operator, both with onnxruntime-node and with the WebAssembly build of
 * onnxruntime-web (decision 0011); the two lack the same.
 */
const WITHOUT_KERNEL = new Set([
  'ImageDecoder',
  'com.microsoft.BiasAdd',
  'com.microsoft.BiasDropout',
  'com.microsoft.BiasSoftmax',
  'com.microsoft.BiasSplitGelu',
  'com.microsoft.BitmaskBiasDropout',
  'com.microsoft.BitmaskDropout',
  'com.microsoft.ComplexMul',
  'com.microsoft.ComplexMulConj',
  'com.microsoft.DecoderAttention',
  'com.microsoft.DecoderMaskedSelfAttention',
  'com.microsoft.DequantizeBFP',
  'com.microsoft.DequantizeWithOrder',
  'com.microsoft.EPContext',
  'com.microsoft.FusedMatMulActivation',
  'com.microsoft.GatedDeltaNet',
  'com.microsoft.GatedRelativePositionBias',
  'com.microsoft.GemmFastGelu',
  'com.microsoft.GemmFloat8',
  'com.microsoft.GemmaRotaryEmbedding',
  'com.microsoft.GroupNorm',
  'com.microsoft.Irfft',
  'com.microsoft.IsAllFinite',
  'com.microsoft.LongformerAttention',
  'com.microsoft.MatMulBlockQuantizedFp4Weight',
  'com.microsoft.MatMulBlockQuantizedFp8Weight',
  'com.microsoft.MatMulNBitsMlp',
  'com.microsoft.MatMulNBitsQkv',
  'com.microsoft.MulInteger',
  'com.microsoft.NhwcConv',
  'com.microsoft.NhwcFusedConv',
  'com.microsoft.PackedAttention',
  'com.microsoft.PackedMultiHeadAttention',
  'com.microsoft.PagedAttention',
  'com.microsoft.QLinearReduceMean',
  'com.microsoft.QOrderedAttention',
  'com.microsoft.QOrderedGelu',
  'com.microsoft.QOrderedLayerNormalization',
  'com.microsoft.QOrderedLongformerAttention',
  'com.microsoft.QOrderedMatMul',
  'com.microsoft.QuantizeBFP',
  'com.microsoft.QuantizeWithOrder',
  'com.microsoft.ReduceSumInteger',
  'com.microsoft.RelativePositionBias',
  'com.microsoft.RemovePadding',
  'com.microsoft.RestorePadding',
  'com.microsoft.Rfft',
  'com.microsoft.SkipGroupNorm',
  'com.microsoft.Snpe',
  'com.microsoft.TorchEmbedding',
  'com.microsoft.VarlenCausalConvWithState',
]);

/** Operators that lack a kernel from this operator set of `ai.onnx` on; with an older one they run. */
const WITHOUT_KERNEL_FROM: Readonly<Record<string, number>> = { Bernoulli: 22, RandomUniformLike: 22, RoiAlign: 22 };

/** A platform, and the backends that may run an ONNX model there. */
const backendsOf: Readonly<Record<Platform, string>> = {
  amd64: 'onnx and wasm',
  arm64v8: 'onnx and wasm',
  arm32v7: 'wasm',
};

/** Why a model will not run as it is, and where. */
export interface OperatorWarning {
  /** `com.microsoft.GroupNorm`, or `ai.onnx 27` for a whole operator set. */
  readonly operator: string;
  readonly platforms: readonly Platform[];
  /** A sentence for people. */
  readonly text: string;
}

/** The operators of a model, and its operator sets; other models than ONNX have none. */
export interface OperatorUse {
  readonly operators?: readonly string[];
  readonly opsets?: Readonly<Record<string, number>>;
}

/** What of a model the backends lack, by operator and platform; nothing for a model that they can run. */
export function operatorWarnings({ operators = [], opsets = {} }: OperatorUse): readonly OperatorWarning[] {
  const opset = opsets['ai.onnx'] ?? 0;
  const lacking = operators.flatMap((operator) => {
    const reason = reasonOf(operator, opset);
    return reason === undefined ? [] : [warning(operator, `the operator ${operator} ${reason}`)];
  });
  if (opset <= NEWEST_OPSET) return lacking;
  const operator = `ai.onnx ${opset}`;
  const reason = `the operator set ${operator} is newer than ${NEWEST_OPSET}, the newest that ONNX Runtime 1.30 runs; export the model with opset_version=${NEWEST_OPSET}`;
  return [warning(operator, reason), ...lacking];
}

function reasonOf(operator: string, opset: number): string | undefined {
  const domain = operator.includes('.') ? operator.slice(0, operator.lastIndexOf('.')) : 'ai.onnx';
  if (!KNOWN_DOMAINS.has(domain)) return `is a custom one of "${domain}", and no library of custom operators is loaded`;
  if (WITHOUT_KERNEL.has(operator)) return 'has no kernel for processors';
  const from = WITHOUT_KERNEL_FROM[operator];
  if (from === undefined || opset < from) return undefined;
  return `has no kernel for processors from operator set ${from} on; export the model with opset_version=${from - 1}`;
}

function warning(operator: string, reason: string): OperatorWarning {
  const where = platforms.map((platform) => `${platform} (${backendsOf[platform]})`).join(', ');
  return { operator, platforms, text: `${reason}; it will not run on ${where}` };
}
