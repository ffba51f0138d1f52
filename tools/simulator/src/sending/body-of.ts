/** A message's body as bytes: text and bytes as they are, anything else as JSON. */
export function bodyOf(body: unknown): Buffer {
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return Buffer.from(JSON.stringify(body) ?? 'null');
}
