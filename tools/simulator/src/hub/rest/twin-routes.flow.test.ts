import { describe, expect, it } from 'vitest';
import { RegistryFixture } from '../../../test/registry-fixture.ts';

interface TwinView {
  readonly etag: string;
  readonly version: number;
  readonly tags: Record<string, unknown>;
  readonly properties: { readonly desired: Record<string, unknown>; readonly reported: Record<string, unknown> };
}

function nested(levels: number): Record<string, unknown> {
  return levels === 0 ? {} : { a: nested(levels - 1) };
}

/** The SDK's type of a twin lacks what its own service gives. */
function view(answer: { responseBody: unknown }): TwinView {
  return answer.responseBody as TwinView;
}

async function start() {
  const fixture = await RegistryFixture.start();
  fixture.hub.createDevice({ deviceId: 'd1' });
  fixture.hub.createModule({ deviceId: 'd1', moduleId: 'm1' });
  return { fixture, hub: fixture.hub, registry: fixture.registry };
}

describe('Registry, twins', () => {
  it('has an empty twin for a new device', async () => {
    const { registry } = await start();
    const twin = view(await registry.getTwin('d1'));
    expect(twin).toMatchObject({ deviceId: 'd1', etag: 'AAAAAAAAAAE=', status: 'enabled', tags: {} });
    expect(twin.properties.desired).toMatchObject({ $version: 1, $metadata: { $lastUpdatedVersion: 1 } });
    expect(twin.properties.reported).toMatchObject({ $version: 1 });
  });

  it('merges patches, and removes what is null', async () => {
    const { registry } = await start();
    const first = { tags: { place: { floor: 1, room: 'a' } }, properties: { desired: { a: { b: 1, c: 2 }, d: [1] } } };
    const patched = view(await registry.updateTwin('d1', first, '*'));
    expect(patched.properties.desired).toMatchObject({ a: { b: 1, c: 2 }, d: [1], $version: 2 });
    const second = { tags: { place: { room: null } }, properties: { desired: { a: { b: null, e: 3 }, d: [2, 3] } } };
    const again = view(await registry.updateTwin('d1', second, patched.etag));
    expect(again.tags).toEqual({ place: { floor: 1 } });
    expect(again.properties.desired).toMatchObject({ a: { c: 2, e: 3 }, d: [2, 3], $version: 3 });
    expect(again.properties.desired['a']).not.toHaveProperty('b');
    const metadata = again.properties.desired['$metadata'] as Record<string, Record<string, unknown>>;
    expect(metadata['a']).toMatchObject({ $lastUpdatedVersion: 3, c: { $lastUpdatedVersion: 2 } });
    expect(metadata['a']).not.toHaveProperty('b');
    expect(again.version).toBeGreaterThan(patched.version);
  });

  it('tells listeners of desired properties what changed, for a patch and for a replacement', async () => {
    const { fixture, hub, registry } = await start();
    const seen: unknown[] = [];
    using _subscription = hub.onDesired('d1', 'm1', (patch, full) => seen.push([patch, full.properties, full.version]));
    await registry.updateModuleTwin('d1', 'm1', { properties: { desired: { a: 1, b: { c: 2 } } } }, '*');
    const body = { properties: { desired: { b: { c: 3 } } } };
    const replaced = await fixture.request('PUT', '/twins/d1/modules/m1', { body });
    expect(replaced.status).toBe(200);
    expect(seen).toEqual([
      [{ a: 1, b: { c: 2 } }, { a: 1, b: { c: 2 } }, 2],
      [{ a: null, b: { c: 3 } }, { b: { c: 3 } }, 3],
    ]);
  });

  it('refuses a stale ETag, and says so', async () => {
    const { registry } = await start();
    const { etag } = view(await registry.getTwin('d1'));
    await registry.updateTwin('d1', { tags: { a: 1 } }, etag);
    await expect(registry.updateTwin('d1', { tags: { a: 2 } }, etag)).rejects.toMatchObject({
      name: 'InvalidEtagError',
      responseBody: expect.stringContaining('ErrorCode:PreconditionFailed;'),
    });
    expect(view(await registry.getTwin('d1')).tags).toEqual({ a: 1 });
  });

  it('changes the ETag with tags and desired properties, not with reported ones', async () => {
    const { hub, registry } = await start();
    const before = view(await registry.getTwin('d1'));
    expect(hub.patchReported('d1', undefined, { state: 'up' })).toBe(2);
    const after = view(await registry.getTwin('d1'));
    expect(after.etag).toBe(before.etag);
    expect(after.version).toBe(before.version + 1);
    expect(after.properties.reported).toMatchObject({ state: 'up', $version: 2 });
  });

  it('ignores a twin’s own marks when it is sent back whole', async () => {
    const { registry } = await start();
    const twin = view(await registry.getTwin('d1'));
    const back = { tags: {}, properties: { desired: { ...twin.properties.desired, x: 1 } } };
    const updated = view(await registry.updateTwin('d1', back, '*'));
    expect(updated.properties.desired).toMatchObject({ x: 1, $version: 2 });
  });

  it.each([
    ['a dot in a name', { 'a.b': 1 }],
    ['a dollar in a name', { $a: 1 }],
    ['a space in a name', { 'a b': 1 }],
    ['a long string', { a: 'x'.repeat(4097) }],
    ['deep nesting', nested(11)],
    ['a huge integer', { a: 2 ** 53 }],
    ['null in an array', { a: [1, null] }],
    ['more than 32 KB', Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`k${n}`, 'x'.repeat(4000)]))],
  ])('refuses %s', async (_name, desired) => {
    const { registry } = await start();
    await expect(registry.updateTwin('d1', { properties: { desired } }, '*')).rejects.toMatchObject({
      name: 'ArgumentError',
      responseBody: expect.stringContaining('properties.desired'),
    });
  });

  it('answers 404 for what is not there', async () => {
    const { registry } = await start();
    await expect(registry.getTwin('none')).rejects.toMatchObject({ name: 'DeviceNotFoundError' });
    await expect(registry.getModuleTwin('d1', 'none')).rejects.toMatchObject({ response: { statusCode: 404 } });
  });
});
