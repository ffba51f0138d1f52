import type { CollectedPayload } from '../rows/collected-request.ts';

const MAX_DEPTH = 6;
const MAX_MEMBERS = 64;

/** Bytes of a payload, roughly and quickly: a list is taken to be of elements like its first. */
export function roughSizeOf(payload: CollectedPayload): number {
  if (payload.kind === 'bytes') return payload.bytes.length;
  if (payload.kind === 'json') return sizeOf(payload.value, 0);
  if (payload.kind === 'nothing') return 0;
  let bytes = 0;
  for (const { data } of Object.values(payload.tensors)) {
    bytes += Array.isArray(data) ? sizeOf(data, 0) : data.byteLength;
  }
  return bytes;
}

function sizeOf(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return 8;
  if (Array.isArray(value)) return value.length * sizeOf(value[0], depth + 1);
  let bytes = 0;
  let members = 0;
  for (const member of Object.values(value)) {
    bytes += sizeOf(member, depth + 1) + 8;
    members += 1;
    if (members === MAX_MEMBERS) break;
  }
  return bytes;
}
