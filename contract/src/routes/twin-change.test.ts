import { describe, expect, it } from 'vitest';
import { ContractError } from '../errors/contract-error.ts';
import { compileRoute } from './compile-route.ts';
import type { RouteMessage } from './route-message.ts';

function faultCode(condition: string, source: string): unknown {
  try {
    compileRoute(`FROM ${source} WHERE ${condition} INTO $upstream`);
  } catch (error) {
    if (error instanceof ContractError) return error.details['code'];
    throw error;
  }
  return undefined;
}

describe('twin_change_includes', () => {
  const message: RouteMessage = {
    source: '/twinChangeNotifications',
    body: JSON.stringify({
      properties: { reported: { weather: { temperature: 50, at: { city: 'Redmond' } }, none: null } },
    }),
    properties: {},
    systemProperties: { contentType: 'application/json', contentEncoding: 'utf-8' },
  };
  const twinTruth = (condition: string, about = message) =>
    compileRoute(`FROM /twinChangeNotifications/* WHERE ${condition} INTO $upstream`).evaluate(about);

  it.each([
    ['twin_change_includes(properties.reported.weather)', true],
    ['TWIN_CHANGE_INCLUDES( properties.reported.weather.temperature )', true],
    ['twin_change_includes(properties.reported.weather.at.city) = true', true],
    ['twin_change_includes(properties.reported.none)', true],
    ['twin_change_includes(properties.reported.gone)', false],
    ['twin_change_includes(properties.desired.weather)', false],
    ['NOT twin_change_includes(tags.floor)', true],
  ])('%s is %s', (condition, expected) => {
    expect(twinTruth(condition)).toBe(expected);
  });

  it('is Undefined when the body is no JSON', () => {
    expect(twinTruth('twin_change_includes(tags.floor)', { ...message, body: 'x' })).toBeUndefined();
  });

  it.each([
    ['twin_change_includes()', 'UnexpectedToken'],
    ['twin_change_includes(properties.)', 'InvalidPath'],
    ['twin_change_includes(properties.abc)', 'InvalidPath'],
    ['twin_change_includes(123)', 'UnexpectedToken'],
    ['twin_change_includes(123abc)', 'InvalidPath'],
    [`twin_change_includes('tags.a')`, 'UnexpectedToken'],
    ['twin_change_includes(properties.desired.a[0].b)', 'UnexpectedToken'],
    ['twin_change_includes(tags.a, tags.b)', 'UnexpectedToken'],
  ])('%s does not compile: %s', (condition, code) => {
    expect(faultCode(condition, '/twinChangeNotifications')).toBe(code);
  });

  it('works on no other source', () => {
    expect(faultCode('twin_change_includes(tags.a)', '/*')).toBe('UnknownFunction');
  });
});
