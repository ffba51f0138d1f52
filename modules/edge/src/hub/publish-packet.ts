/** MQTT 3.1.1 §3.3.1: PUBLISH, QoS 1, neither a duplicate nor retained. */
const PUBLISH_QOS_1 = 0x32;
const BITS_OF_LENGTH = 0x80;

/**
 * Writes a PUBLISH packet of MQTT 3.1.1 with QoS 1.
 *
 * @param packetId 1 to 65535
 */
export function publishPacket(topic: string, body: string, packetId: number): Buffer {
  const topicBytes = Buffer.byteLength(topic);
  const bodyBytes = Buffer.byteLength(body);
  const remaining = 2 + topicBytes + 2 + bodyBytes;
  const lengthBytes = lengthSize(remaining);
  const packet = Buffer.allocUnsafe(1 + lengthBytes + remaining);
  let at = packet.writeUInt8(PUBLISH_QOS_1);
  for (let left = remaining, n = 0; n < lengthBytes; n += 1) {
    at = packet.writeUInt8((left % BITS_OF_LENGTH) | (n < lengthBytes - 1 ? BITS_OF_LENGTH : 0), at);
    left = Math.floor(left / BITS_OF_LENGTH);
  }
  at = packet.writeUInt16BE(topicBytes, at);
  at += packet.write(topic, at);
  at = packet.writeUInt16BE(packetId, at);
  packet.write(body, at);
  return packet;
}

/** Bytes that the length field of a packet takes, MQTT 3.1.1 §2.2.3. */
function lengthSize(remaining: number): number {
  let bytes = 1;
  for (let left = remaining; left >= BITS_OF_LENGTH; left = Math.floor(left / BITS_OF_LENGTH)) bytes += 1;
  return bytes;
}
