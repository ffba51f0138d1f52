import { sha1 } from './sha1.ts';

/** The name space of these identifiers, RFC 9562 §5.5: any UUID, once chosen. */
const NAMESPACE = Buffer.from('5f0e2d6a7c914b0e9a3c1d8be6472f10', 'hex');

/**
 * An identifier that is the same for the same facts: a UUID of version 5. Outputs get theirs from the input and the model,
 * so that a message that is scored twice, because edgeHub delivered it twice, gives outputs that a consumer can tell are one.
 */
export function deriveMessageId(facts: readonly string[]): string {
  const digest = sha1(Buffer.concat([NAMESPACE, Buffer.from(JSON.stringify(facts))]));
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x50, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = digest.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
