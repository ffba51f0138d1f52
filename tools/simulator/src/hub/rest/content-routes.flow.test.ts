import { describe, expect, it } from 'vitest';
import { RegistryFixture } from '../../../test/registry-fixture.ts';

const module = (image: string) => ({ type: 'docker', status: 'running', restartPolicy: 'always', settings: { image } });

function content(modules: Record<string, unknown>, more: Record<string, unknown> = {}) {
  return {
    modulesContent: {
      $edgeAgent: {
        'properties.desired': {
          schemaVersion: '1.1',
          runtime: { type: 'docker', settings: {} },
          systemModules: { edgeAgent: module('agent'), edgeHub: module('hub') },
          modules,
        },
      },
      $edgeHub: {
        'properties.desired': {
          schemaVersion: '1.1',
          routes: { up: 'FROM /messages/* INTO $upstream' },
          storeAndForwardConfiguration: { timeToLiveSecs: 7200 },
        },
      },
      ...more,
    },
  };
}

async function start() {
  const fixture = await RegistryFixture.start();
  fixture.hub.createDevice({ deviceId: 'e', edge: true });
  const apply = async (body: object) => await fixture.registry.applyConfigurationContentOnDevice('e', body);
  const managed = () =>
    fixture.hub.modulesOf('e').flatMap(({ moduleId, managedBy }) => (managedBy === 'IotEdge' ? [moduleId] : []));
  return { fixture, hub: fixture.hub, registry: fixture.registry, apply, managed };
}

describe('applyConfigurationContentOnDevice', () => {
  it('replaces desired properties and makes the modules that the agent is to run', async () => {
    const { hub, apply, managed } = await start();
    hub.patchDesired('e', '$edgeHub', { old: 1 });
    const answer = await apply(
      content({ a: module('a:1'), b: module('b:1') }, { a: { 'properties.desired': { n: 1 } } }),
    );
    expect(answer.httpResponse.statusCode).toBe(204);
    expect(managed()).toEqual(['a', 'b']);
    expect(hub.twin('e', 'a').desired.properties).toEqual({ n: 1 });
    expect(hub.twin('e', '$edgeHub').desired.properties).not.toHaveProperty('old');
    expect(hub.twin('e', '$edgeAgent').desired.properties).toMatchObject({
      modules: { a: { settings: { image: 'a:1' } } },
    });
  });

  it('removes the modules of an earlier deployment, but none that a person made', async () => {
    const { hub, apply, managed } = await start();
    hub.createModule({ deviceId: 'e', moduleId: 'mine' });
    await apply(content({ a: module('a:1'), b: module('b:1') }));
    const { generationId } = hub.requireIdentity('e', 'b');
    await apply(content({ b: module('b:2') }));
    expect(managed()).toEqual(['b']);
    expect(hub.requireIdentity('e', 'b').generationId).toBe(generationId);
    expect(hub.identity('e', 'mine')).toBeDefined();
    expect(hub.identity('e', '$edgeHub')).toBeDefined();
  });

  it('tells the agent last', async () => {
    const { hub, apply } = await start();
    const told: string[] = [];
    using _agent = hub.onDesired('e', '$edgeAgent', () =>
      told.push(`agent, ${hub.identity('e', 'a') ? 'a is there' : ''}`),
    );
    using _edgeHub = hub.onDesired('e', '$edgeHub', () => told.push('hub'));
    await apply(content({ a: module('a:1') }));
    expect(told).toEqual(['hub', 'agent, a is there']);
  });

  it('changes nothing when one part is refused', async () => {
    const { hub, apply, managed } = await start();
    const bad = content({ a: module('a:1') }, { a: { 'properties.desired': { text: 'x'.repeat(5000) } } });
    await expect(apply(bad)).rejects.toMatchObject({ name: 'ArgumentError' });
    expect(managed()).toEqual([]);
    expect(hub.twin('e', '$edgeHub').desired.version).toBe(1);
  });

  it('sets what lies under a path', async () => {
    const { hub, apply } = await start();
    await apply(content({}, { a: { 'properties.desired': { keep: 1 }, 'properties.desired.deep.er': { x: 1 } } }));
    expect(hub.twin('e', 'a').desired.properties).toEqual({ keep: 1, deep: { er: { x: 1 } } });
  });

  it.each([
    ['no modulesContent', {}, 'is empty'],
    ['no $edgeHub', { modulesContent: { $edgeAgent: { 'properties.desired': {} } } }, '$edgeHub'],
    ['an unknown key', { modulesContent: { $edgeAgent: { desired: {} } } }, 'keys are'],
    [
      'desired properties that are no object',
      { modulesContent: { a: { 'properties.desired': 1 } } },
      'is not an object',
    ],
    [
      'more than fifty modules',
      content(Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`m${n}`, {}]))),
      'at most 50 modules',
    ],
  ])('refuses content with %s', async (_name, body, reason) => {
    const { apply } = await start();
    await expect(apply(body)).rejects.toMatchObject({
      name: 'ArgumentError',
      responseBody: expect.stringContaining(reason),
    });
  });

  it('refuses modules for a device that is not an edge device, and sets desired properties of any', async () => {
    const { hub, registry } = await start();
    hub.createDevice({ deviceId: 'plain' });
    const modules = registry.applyConfigurationContentOnDevice('plain', content({}));
    await expect(modules).rejects.toMatchObject({ responseBody: expect.stringContaining('not an edge device') });
    const device = { deviceContent: { 'properties.desired.fan': { speed: 2 } } };
    await registry.applyConfigurationContentOnDevice('plain', device);
    expect(hub.twin('plain').desired.properties).toEqual({ fan: { speed: 2 } });
  });

  it('answers 404 for a device that is not there', async () => {
    const { registry } = await start();
    await expect(registry.applyConfigurationContentOnDevice('none', content({}))).rejects.toMatchObject({
      name: 'DeviceNotFoundError',
    });
  });
});
