// The rows of the topics of the edgeHub sheet (§1.3).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesTopicFilter, outboundTopics, parseInboundTopic, subscriptionKind } from './mqtt-topics.ts';

describe('inbound topics', () => {
  it.each([
    ['devices/d/messages/events', { kind: 'telemetry', deviceId: 'd', bag: '' }],
    ['devices/d/messages/events/', { kind: 'telemetry', deviceId: 'd', bag: '' }],
    ['devices/d/messages/events/a=b', { kind: 'telemetry', deviceId: 'd', bag: 'a=b' }],
    ['devices/d/messages/events/a=b/', { kind: 'telemetry', deviceId: 'd', bag: 'a=b' }],
    ['devices/d/modules/m/messages/events', { kind: 'telemetry', deviceId: 'd', moduleId: 'm', bag: '' }],
    ['devices/d/modules/m/messages/events/', { kind: 'telemetry', deviceId: 'd', moduleId: 'm', bag: '' }],
    [
      'devices/d/modules/m/messages/events/%24.on=o/',
      { kind: 'telemetry', deviceId: 'd', moduleId: 'm', bag: '%24.on=o' },
    ],
    [
      'devices/d/modules/m/messages/events/%24.on=o',
      { kind: 'telemetry', deviceId: 'd', moduleId: 'm', bag: '%24.on=o' },
    ],
    ['anchored/at/the/end/devices/d/messages/events/', { kind: 'telemetry', deviceId: 'd', bag: '' }],
    ['$iothub/methods/res/200/?$rid=a-1', { kind: 'methodResponse', status: '200', requestId: 'a-1' }],
    ['$iothub/methods/res//?$rid=a-1', { kind: 'methodResponse', status: '', requestId: 'a-1' }],
    ['$iothub/twin/GET/?$rid=7', { kind: 'twinGet', requestId: '7' }],
    ['$iothub/twin/GET/?x=y&$rid=7', { kind: 'twinGet', requestId: '7' }],
    ['$iothub/twin/PATCH/properties/reported/?$rid=7', { kind: 'twinPatch', requestId: '7' }],
    ['$iothub/twin/PATCH/properties/reported/', { kind: 'twinPatch', requestId: undefined }],
    ['devices/d/messages/devicebound/', { kind: 'unknown' }],
    ['devices/d/messages/events/a/b/c', { kind: 'unknown' }],
    ['$iothub/methods/res/200', { kind: 'unknown' }],
    ['', { kind: 'unknown' }],
  ])('%s', (topic, expected) => {
    expect(parseInboundTopic(topic)).toEqual(expected);
  });

  it.each([
    '$iothub/twin/GET/',
    '$iothub/twin/GET/?$rid=',
    '$iothub/twin/GET/sub/?$rid=1',
    '$iothub/twin/PATCH/properties/desired/?$rid=1',
    '$iothub/twin/PATCH/properties/reported/sub/?$rid=1',
    '$iothub/twin/DELETE/?$rid=1',
    '$iothub/twin/',
  ])('refused: %s', (topic) => {
    expect(() => parseInboundTopic(topic)).toThrow(expect.objectContaining({ code: 'SimulatorRequestInvalid' }));
  });

  it('any other text is taken without an error', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        expect(['telemetry', 'methodResponse', 'unknown']).toContain(parseInboundTopic(`x${text}`).kind);
      }),
    );
  });
});

it('outbound topics', () => {
  const module = { deviceId: 'd', moduleId: 'm' };
  expect(outboundTopics.moduleInput(module, 'in', '')).toBe('devices/d/modules/m/inputs/in');
  expect(outboundTopics.moduleInput(module, 'in', 'a=b')).toBe('devices/d/modules/m/inputs/in/a=b');
  expect(outboundTopics.twinResponse(204, '7')).toBe('$iothub/twin/res/204/?$rid=7');
  expect(outboundTopics.desiredPatch(3)).toBe('$iothub/twin/PATCH/properties/desired/?$version=3');
  expect(outboundTopics.methodRequest('go', 'id')).toBe('$iothub/methods/POST/go/?$rid=id');
});

it.each([
  ['$iothub/methods/POST/#', 'methods'],
  ['$iothub/twin/PATCH/properties/desired/#', 'desiredProperties'],
  ['$iothub/twin/res/#', 'twinResponses'],
  ['$iothub/twin/res/200/#', 'unknown'],
  ['devices/d/messages/devicebound/#', 'cloudToDevice'],
  ['devices/d/modules/m/inputs/#', 'moduleMessages'],
  ['devices/d/modules/m/#', 'moduleMessages'],
  ['devices/d/modules/m/inputs/in', 'unknown'],
  ['#', 'unknown'],
])('the subscription %s is for %s', (filter, kind) => {
  expect(subscriptionKind(filter)).toBe(kind);
});

describe('topic filters', () => {
  it.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/b/c', false],
    ['a/b/c', 'a/b', false],
    ['a/+/c', 'a/b/c', true],
    ['a/+', 'a/b/c', false],
    ['a/#', 'a/b/c', true],
    ['a/#', 'a', true],
    ['#', 'a/b', true],
    ['+', 'a', true],
    ['+/+', '/a', true],
  ])('%s against %s: %s', (filter, topic, expected) => {
    expect(matchesTopicFilter(filter, topic)).toBe(expected);
  });

  it('every topic matches itself, itself with a + and every beginning with #', () => {
    const level = fc.stringMatching(/^[a-z0-9$=%&]{0,5}$/);
    fc.assert(
      fc.property(fc.array(level, { minLength: 1, maxLength: 6 }), fc.nat(), (levels, at) => {
        const topic = levels.join('/');
        const index = at % levels.length;
        expect(matchesTopicFilter(topic, topic)).toBe(true);
        expect(matchesTopicFilter(levels.with(index, '+').join('/'), topic)).toBe(true);
        expect(matchesTopicFilter([...levels.slice(0, index), '#'].join('/'), topic)).toBe(true);
        expect(matchesTopicFilter(`${topic}/x`, topic)).toBe(false);
      }),
    );
  });
});
