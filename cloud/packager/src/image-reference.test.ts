import { describe, expect, it } from 'vitest';
import { parseImageReference } from './image-reference.ts';
import { PackagerError } from './packager-error.ts';

describe('parseImageReference', () => {
  it.each([
    ['diabetes', { repository: 'diabetes', tag: 'latest', text: 'diabetes:latest' }],
    ['a/b__c/d-e.f:1.0-RC_1', { repository: 'a/b__c/d-e.f', tag: '1.0-RC_1', text: 'a/b__c/d-e.f:1.0-RC_1' }],
    ['localhost/x:1', { registry: 'localhost', repository: 'x', tag: '1', text: 'localhost/x:1' }],
    [
      'localhost:5000/x',
      { registry: 'localhost:5000', repository: 'x', tag: 'latest', text: 'localhost:5000/x:latest' },
    ],
    ['Me.azurecr.io/a/b:2', { registry: 'Me.azurecr.io', repository: 'a/b', tag: '2', text: 'Me.azurecr.io/a/b:2' }],
    ['[::1]:5000/x:1', { registry: '[::1]:5000', repository: 'x', tag: '1', text: '[::1]:5000/x:1' }],
    ['library/node', { repository: 'library/node', tag: 'latest', text: 'library/node:latest' }],
  ])('reads %s', (text, parts) => {
    expect(parseImageReference(text)).toEqual(parts);
  });

  it.each([
    ['', 'no repository'],
    ['Diabetes:1', '"Diabetes" is no repository'],
    ['a//b', 'no repository'],
    ['a:', 'no tag'],
    ['a:-1', '"-1" is no tag'],
    [`a:${'x'.repeat(129)}`, 'no tag'],
    ['x'.repeat(256), 'no repository'],
    ['exa_mple.org/a:1', '"exa_mple.org" is no host'],
    ['a@sha256:0', 'no repository'],
  ])('refuses %j', (text, words) => {
    expect(() => parseImageReference(text)).toThrow(PackagerError);
    expect(() => parseImageReference(text)).toThrow(words);
  });
});
