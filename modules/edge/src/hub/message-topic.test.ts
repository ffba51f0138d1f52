import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInputTopic, outputTopic, parseInputTopic } from './message-topic.ts';

const body = Buffer.from('{}');
const events = 'devices/dev/modules/scorer/messages/events/';

describe('parseInputTopic', () => {
  it('reads the bag as edgeHub writes it', () => {
    const topic =
      'devices/dev/modules/scorer/inputs/amlInput/patient=7&%24.ce=utf-8&%24.ct=application%2Fjson&%24.mid=m%201' +
      '&%24.cid=c%2F1&%24.cdid=dev&%24.cmid=sensor&%24.ctime=2026-01-01T00%3A00%3A00Z';
    expect(parseInputTopic(topic, body)).toEqual({
      inputName: 'amlInput',
      body,
      messageId: 'm 1',
      correlationId: 'c/1',
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      senderDeviceId: 'dev',
      senderModuleId: 'sensor',
      properties: [['patient', '7']],
    });
  });

  it.each([
    ['devices/dev/modules/scorer/inputs/in1', []],
    ['devices/dev/modules/scorer/inputs/in1/', []],
    ['devices/dev/modules/scorer/inputs/in1/a', [['a', '']]],
    ['devices/dev/modules/scorer/inputs/in1/a=b=c', [['a', 'b=c']]],
    [
      'devices/dev/modules/scorer/inputs/in1/a=%zz&b=1',
      [
        ['a', '%zz'],
        ['b', '1'],
      ],
    ],
    ['devices/dev/modules/scorer/inputs/in1/mqtt-dup=true&a=1', [['a', '1']]],
  ] as const)('takes %s', (topic, properties) => {
    expect(parseInputTopic(topic, body)).toMatchObject({ inputName: 'in1', properties });
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (bag) => {
        const topic = `devices/d/modules/m/inputs/i/${bag}`;
        expect(parseInputTopic(topic, body)?.inputName).toBe('i');
      }),
    );
  });

  it.each(['$iothub/methods/POST/ping/?$rid=1', 'devices/d/messages/devicebound/', 'devices/d/modules/m/inputs/'])(
    'knows that %s is no input',
    (topic) => {
      expect(isInputTopic(topic)).toBe(false);
      expect(parseInputTopic(topic, body)).toBeUndefined();
    },
  );
});

describe('outputTopic', () => {
  it('writes system properties first, then those of the application', () => {
    expect(
      outputTopic(events, {
        outputName: 'amlOutput',
        body: '1',
        messageId: 'id-1',
        correlationId: 'c/1',
        properties: [['we ird&k', 'v/å']],
      }),
    ).toBe(
      `${events}%24.on=amlOutput&%24.mid=id-1&%24.cid=c%2F1&%24.ct=application%2Fjson&%24.ce=utf-8&we%20ird%26k=v%2F%C3%A5/`,
    );
  });

  it('gives what parseInputTopic reads, for any text', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    const name = text.filter((it) => it !== '' && !it.startsWith('$.') && !['ack', 'iothub-operation'].includes(it));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, text), { maxLength: 8 }), text, (properties, messageId) => {
        const topic = outputTopic(events, { outputName: 'out', body: '', messageId, properties });
        const back = topic.replace('/messages/events/', '/inputs/in/').slice(0, -1);
        const read = parseInputTopic(back, body);
        expect(read?.properties).toEqual(properties.map(([key, value]) => [key.toWellFormed(), value.toWellFormed()]));
        expect(read?.messageId).toBe(messageId.toWellFormed());
      }),
    );
  });

  it('refuses what edgeHub would drop, with the sizes', () => {
    const message = { outputName: 'amlOutput', body: 'x'.repeat(262_000), properties: [] };
    expect(() => outputTopic(events, message)).toThrow(/takes 262108 bytes of the 261120 .*body 262000, properties 99/);
    const wide = { outputName: 'amlOutput', body: '', properties: [['p', 'x'.repeat(70_000)]] as [string, string][] };
    expect(() => outputTopic(events, wide)).toThrow(/its properties take 70102 bytes of the 65535/);
  });
});
