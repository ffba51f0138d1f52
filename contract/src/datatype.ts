/** Element types of tensors, in the Open Inference Protocol's names. */
export const datatypes = [
  'BOOL', 'UINT8', 'UINT16', 'UINT32', 'UINT64', 'INT8', 'INT16', 'INT32', 'INT64', 'FP16', 'BF16', 'FP32', 'FP64', 'BYTES',
] as const; // prettier-ignore

export type Datatype = (typeof datatypes)[number];

/** A tensor as text for people: `FP32[-1,10]`. */
export function tensorSpecText(spec: { readonly datatype: Datatype; readonly shape: readonly number[] }): string {
  return `${spec.datatype}[${spec.shape.join(',')}]`;
}
