import { describe, expect, it } from 'vitest';
import { DesiredProperties } from './desired-properties.ts';

describe('DesiredProperties', () => {
  it('applies patches in order: null deletes, arrays are replaced', () => {
    const desired = new DesiredProperties();
    desired.load({ $version: 3, a: { x: 1, y: 2 }, list: [1, 2, 3] });
    expect(desired.patch({ $version: 4, a: { x: null, z: 3 }, list: [9] })).toBe('applied');
    expect(desired.document).toEqual({ $version: 4, a: { y: 2, z: 3 }, list: [9] });
  });

  it('leaves out what it knows, and says when something is missing', () => {
    const desired = new DesiredProperties();
    expect(desired.patch({ $version: 1 })).toBe('gap');
    desired.load({ $version: 3, a: 1 });
    expect(desired.patch({ $version: 3, a: 2 })).toBe('old');
    expect(desired.patch({ $version: 5, a: 2 })).toBe('gap');
    expect(desired.document).toEqual({ $version: 3, a: 1 });
  });

  it('keeps keys such as __proto__ as keys', () => {
    const desired = new DesiredProperties();
    desired.load({ $version: 1 });
    desired.patch(JSON.parse('{"$version":2,"__proto__":{"polluted":true}}') as Record<string, unknown>);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(Object.keys(desired.document ?? {})).toContain('__proto__');
  });
});
