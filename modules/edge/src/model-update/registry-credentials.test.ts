import { expect, it } from 'vitest';
import { basicAuthorization } from './registry-credentials.ts';

const auth = Buffer.from('me:secret').toString('base64');

it.each([
  [{ 'r.example.com': { auth } }, `Basic ${auth}`],
  [{ 'https://r.example.com': { auth } }, `Basic ${auth}`],
  [{ 'r.example.com': { username: 'me', password: 'secret' } }, `Basic ${auth}`],
  [{ 'other.example.com': { auth } }, undefined],
  [{ 'r.example.com': { auth: '' } }, undefined],
])('reads %j', (auths, expected) => {
  expect(basicAuthorization(JSON.stringify({ auths }), 'r.example.com')).toBe(expected);
});

it('shows nothing of what it cannot read', () => {
  expect(() => basicAuthorization('me:secret', 'h')).toThrow('EDGEWRIGHT_REGISTRY_CREDENTIALS is no JSON object');
  expect(() => basicAuthorization('me:secret', 'h')).not.toThrow('secret');
});
