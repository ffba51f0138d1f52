/** What IoT Hub takes in the parts of a twin (learn.microsoft.com: understand and use device twins). */
export const twinLimits = {
  tagsBytes: 8 * 1024,
  desiredBytes: 32 * 1024,
  stringBytes: 4096,
  nameBytes: 1024,
  levels: 10,
} as const;

const NUMBER_BYTES = 8;
const BOOLEAN_BYTES = 4;
const encoder = new TextEncoder();

/**
 * The size of tags or properties as IoT Hub reckons it: names and texts by their UTF-8 bytes without control characters, a number
 * 8 bytes, a boolean 4. What JSON puts around them is not counted.
 */
export function twinSizeBytes(value: unknown): number {
  let size = 0;
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === 'string') size += textBytes(next);
    else if (typeof next === 'number') size += NUMBER_BYTES;
    else if (typeof next === 'boolean') size += BOOLEAN_BYTES;
    else if (Array.isArray(next)) waiting.push(...(next as unknown[]));
    else if (typeof next === 'object' && next !== null) {
      for (const [name, child] of Object.entries(next)) {
        size += textBytes(name);
        waiting.push(child);
      }
    }
  }
  return size;
}

/** True for what may be the name of a member of a twin. */
export function isTwinName(name: string): boolean {
  return name !== '' && !/[\p{Cc}. $]/u.test(name) && encoder.encode(name).length <= twinLimits.nameBytes;
}

function textBytes(text: string): number {
  return encoder.encode(text.replaceAll(/\p{Cc}/gu, '')).length;
}
