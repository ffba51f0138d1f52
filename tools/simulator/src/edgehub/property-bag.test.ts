// The rows of the property bag of the edgeHub sheet (§1.4).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePropertyBag, encodePropertyBag } from './property-bag.ts';

const SYSTEM = [
  ['$.mid', 'messageId'],
  ['$.cid', 'cid'],
  ['$.uid', 'userId'],
  ['$.to', 'to'],
  ['$.exp', 'absolute-expiry-time'],
  ['$.ct', 'contentType'],
  ['$.ce', 'contentEncoding'],
  ['$.schema', 'messageSchema'],
  ['$.ctime', 'creationTime'],
  ['$.sub', 'dt-subject'],
  ['ack', 'ack'],
  ['iothub-operation', 'operation'],
] as const;

describe('the property bag', () => {
  it.each(SYSTEM)('%s is %s, in and out', (wire, name) => {
    expect(decodePropertyBag(`${encodeURIComponent(wire)}=v`)).toEqual({
      properties: {},
      systemProperties: { [name]: 'v' },
    });
    expect(encodePropertyBag({ properties: {}, systemProperties: { [name]: 'v' } })).toBe(
      `${encodeURIComponent(wire)}=v`,
    );
  });

  it.each([
    ['$.on', 'outputName'],
    ['$.ifid', 'iothub-interface-id'],
  ])('%s is %s, in only', (wire, name) => {
    expect(decodePropertyBag(`${wire}=v`).systemProperties).toEqual({ [name]: 'v' });
    expect(encodePropertyBag({ properties: {}, systemProperties: { [name]: 'v' } })).toBe('');
  });

  it.each([
    ['$.cdid', 'connectionDeviceId'],
    ['$.cmid', 'connectionModuleId'],
  ])('%s is %s, out only', (wire, name) => {
    expect(decodePropertyBag(`${wire}=v`)).toEqual({ properties: { [wire]: 'v' }, systemProperties: {} });
    expect(encodePropertyBag({ properties: {}, systemProperties: { [name]: 'v' } })).toBe(
      `${encodeURIComponent(wire)}=v`,
    );
  });

  it('app properties come first, $ is sent as %24, everything is percent-encoded', () => {
    const message = {
      properties: { Prop1: 'Value 1/ü', "it's": '(*)!' },
      systemProperties: { contentEncoding: 'utf-8', contentType: 'application/json', connectionDeviceId: 'd' },
    };
    expect(encodePropertyBag(message)).toBe(
      'Prop1=Value%201%2F%C3%BC&it%27s=%28%2A%29%21&%24.ce=utf-8&%24.ct=application%2Fjson&%24.cdid=d',
    );
  });

  it('null value: the key alone', () => {
    expect(encodePropertyBag({ properties: { a: null, b: '' }, systemProperties: {} })).toBe('a&b=');
    expect(decodePropertyBag('a&b=').properties).toEqual({ a: null, b: '' });
  });

  it('a leading ? and / are trimmed', () => {
    expect(decodePropertyBag('?a=b').properties).toEqual({ a: 'b' });
    expect(decodePropertyBag('/?/a=b').properties).toEqual({ a: 'b' });
    expect(decodePropertyBag('')).toEqual({ properties: {}, systemProperties: {} });
  });

  it.each([
    ['an empty key', '=b'],
    ['an empty pair', 'a=b&&c=d'],
    ['a second =', 'a=b=c'],
    ['bad percent-encoding', 'a=%E0%A4%A'],
  ])('refused: %s: %s', (_fault, bag) => {
    expect(() => decodePropertyBag(bag)).toThrow(expect.objectContaining({ code: 'SimulatorRequestInvalid' }));
  });

  it('what is written is read back', () => {
    const name = fc.string({ minLength: 1, maxLength: 10, unit: 'grapheme' }).filter((text) => !text.startsWith('$.'));
    const value = fc.option(fc.string({ maxLength: 10, unit: 'grapheme' }));
    fc.assert(
      fc.property(fc.dictionary(name, value), (properties) => {
        const known = new Set(['ack', 'iothub-operation']);
        fc.pre(!Object.keys(properties).some((key) => known.has(key)));
        const read = decodePropertyBag(encodePropertyBag({ properties, systemProperties: {} }));
        expect(Object.entries(read.properties)).toEqual(Object.entries(properties));
      }),
    );
  });

  it('no text makes it throw anything but its own error', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        const outcome = (() => {
          try {
            return typeof decodePropertyBag(text).properties;
          } catch (error) {
            return (error as { code?: string }).code;
          }
        })();
        expect(['object', 'SimulatorRequestInvalid']).toContain(outcome);
      }),
    );
  });
});
