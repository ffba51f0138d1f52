import fc from 'fast-check';
import { parser } from 'mqtt-packet';
import type { IPublishPacket, Packet } from 'mqtt-packet';
import { expect, it } from 'vitest';
import { publishPacket } from './publish-packet.ts';

function parse(bytes: Buffer): IPublishPacket[] {
  const packets: Packet[] = [];
  const reader = parser({ protocolVersion: 4 });
  reader.on('packet', (packet: Packet) => packets.push(packet));
  reader.parse(bytes);
  return packets as IPublishPacket[];
}

it('writes what a parser of MQTT reads, whatever the topic, the body and their lengths', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.integer({ min: 0, max: 20_000 }).map((length) => 'x'.repeat(length)),
  );
  fc.assert(
    fc.property(text, text, fc.integer({ min: 1, max: 65_535 }), (name, body, packetId) => {
      const topic = `devices/${encodeURIComponent(name.toWellFormed())}/`;
      const [packet, ...more] = parse(publishPacket(topic, body, packetId));
      expect(more).toEqual([]);
      expect(packet).toMatchObject({ cmd: 'publish', qos: 1, dup: false, retain: false, topic, messageId: packetId });
      expect(packet?.payload).toEqual(Buffer.from(body));
    }),
  );
});

it.each([120, 127, 128, 16_383, 16_384, 262_000])('writes the length of a body of %i bytes', (length) => {
  const [packet] = parse(publishPacket('t', 'x'.repeat(length), 1));
  expect(packet?.payload).toHaveLength(length);
});
