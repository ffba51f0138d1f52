import type { Configuration } from 'azure-iothub';
import { describe, expect, it } from 'vitest';
import { RegistryFixture } from '../../test/registry-fixture.ts';

const image = (name: string) => ({
  type: 'docker',
  status: 'running',
  restartPolicy: 'always',
  settings: { image: name },
});

function base(modules: Record<string, unknown>, more: Record<string, unknown> = {}) {
  return {
    modulesContent: {
      $edgeAgent: { 'properties.desired': { schemaVersion: '1.1', modules } },
      $edgeHub: { 'properties.desired': { schemaVersion: '1.1', routes: { up: 'FROM /* INTO $upstream' } } },
      ...more,
    },
  };
}

function configuration(change: Partial<Configuration> & Pick<Configuration, 'id' | 'content'>): Configuration {
  return { schemaVersion: '1.0', targetCondition: '*', priority: 1, ...change };
}

async function start() {
  const fixture = await RegistryFixture.start();
  const { hub, registry } = fixture;
  hub.createDevice({ deviceId: 'e1', edge: true });
  hub.patchTwin({ deviceId: 'e1' }, { tags: { ring: 'test' } });
  const agent = (deviceId = 'e1') => hub.twin(deviceId, '$edgeAgent').desired.properties;
  const modules = (deviceId = 'e1') =>
    hub.modulesOf(deviceId).flatMap(({ moduleId, managedBy }) => (managedBy === undefined ? [] : [moduleId]));
  const states = (deviceId = 'e1') =>
    Object.entries(hub.twin(deviceId).configurations ?? {}).map(([id, { status }]) => `${id} ${status}`);
  return { fixture, hub, registry, agent, modules, states };
}

describe('configurations', () => {
  it('are added, read, listed, updated and removed', async () => {
    const { registry } = await start();
    const added = await registry.addConfiguration(configuration({ id: 'c1', content: base({}), labels: { a: 'b' } }));
    expect(added.responseBody).toMatchObject({ id: 'c1', priority: 1, labels: { a: 'b' }, schemaVersion: '1.0' });
    const got = (await registry.getConfiguration('c1')).responseBody;
    expect(got.content).toEqual(base({}));
    const updated = await registry.updateConfiguration({ ...got, priority: 7 });
    expect(updated.responseBody.priority).toBe(7);
    await expect(registry.updateConfiguration({ ...got, priority: 8 })).rejects.toMatchObject({
      name: 'InvalidEtagError',
    });
    await registry.updateConfiguration({ ...got, priority: 9 }, true);
    expect((await registry.getConfigurations()).responseBody).toMatchObject([{ id: 'c1', priority: 9 }]);
    await registry.removeConfiguration('c1');
    await expect(registry.getConfiguration('c1')).rejects.toMatchObject({
      response: { statusCode: 404 },
      responseBody: expect.stringContaining('ErrorCode:ConfigurationNotFound;'),
    });
  });

  it('keep their content for good', async () => {
    const { registry, agent } = await start();
    const { responseBody } = await registry.addConfiguration(
      configuration({ id: 'c1', content: base({ a: image('a:1') }) }),
    );
    const changed = { ...responseBody, content: base({ a: image('a:2') }) };
    await expect(registry.updateConfiguration(changed, true)).rejects.toMatchObject({
      name: 'ArgumentError',
      responseBody: expect.stringContaining('cannot change the content'),
    });
    expect(agent()).toMatchObject({ modules: { a: image('a:1') } });
  });

  it.each([
    ['an id in upper case', { id: 'C1', content: base({}) }, 'an id has'],
    [
      'a condition that does not compile',
      { id: 'c', content: base({}), targetCondition: 'tags.a =' },
      'line 1, column 9',
    ],
    ['a metric that does not compile', { id: 'c', content: base({}), metrics: { queries: { m: 'SELECT' } } }, 'line 1'],
    ['no content', { id: 'c', content: {} }, 'is empty'],
    [
      'a condition on modules for content of devices',
      { id: 'c', content: base({}), targetCondition: "FROM devices.modules WHERE moduleId = 'a'" },
      'is about devices.modules',
    ],
    ['a priority below zero', { id: 'c', content: base({}), priority: -1 }, '$.priority'],
  ])('refuse %s', async (_name, body, reason) => {
    const { fixture } = await start();
    const answer = await fixture.request('PUT', `/configurations/${body.id}`, { body });
    expect(answer).toMatchObject({ status: 400, body: { Message: expect.stringContaining(reason) } });
  });

  it('refuse a second of the same id, and more than a hundred', async () => {
    const { registry } = await start();
    const content = { deviceContent: { 'properties.desired.a': 1 } };
    for (let n = 0; n < 100; n += 1)
      await registry.addConfiguration(configuration({ id: `c${n}`, content, targetCondition: '' }));
    await expect(registry.addConfiguration(configuration({ id: 'c0', content }))).rejects.toMatchObject({
      response: { statusCode: 409 },
    });
    await expect(registry.addConfiguration(configuration({ id: 'more', content }))).rejects.toMatchObject({
      response: { statusCode: 403 },
      responseBody: expect.stringContaining('ErrorCode:ConfigurationCountLimitExceeded;'),
    });
  });

  it('try conditions and metrics without keeping anything', async () => {
    const { fixture } = await start();
    const body = {
      targetCondition: 'tags.a = ',
      customMetricQueries: { good: 'SELECT * FROM devices', bad: 'SELECT' },
    };
    const answer = await fixture.request('POST', '/configurations/testQueries', { body });
    expect(answer.body).toEqual({
      targetConditionError: expect.stringContaining('the end of the query'),
      customMetricQueryErrors: { bad: expect.stringContaining('expected') },
    });
  });
});

describe('automatic deployments', () => {
  it('reach the devices that their condition targets, at once and whenever that changes', async () => {
    const { hub, registry, modules, states } = await start();
    const content = base({ a: image('a:1') }, { a: { 'properties.desired': { n: 1 } } });
    await registry.addConfiguration(configuration({ id: 'c1', content, targetCondition: "tags.ring = 'prod'" }));
    expect(modules()).toEqual([]);
    hub.patchTwin({ deviceId: 'e1' }, { tags: { ring: 'prod' } });
    expect(modules()).toEqual(['a']);
    expect(hub.twin('e1', 'a').desired.properties).toEqual({ n: 1 });
    expect(states()).toEqual(['c1 Applied']);
    hub.createDevice({ deviceId: 'e2', edge: true });
    expect(modules('e2')).toEqual([]);
    hub.patchTwin({ deviceId: 'e2' }, { tags: { ring: 'prod' } });
    expect(modules('e2')).toEqual(['a']);
    hub.patchTwin({ deviceId: 'e1' }, { tags: { ring: 'test' } });
    expect(states()).toEqual([]);
    expect(modules()).toEqual(['a']);
  });

  it('reach edge devices only, when they bring modules', async () => {
    const { hub, registry, states } = await start();
    hub.createDevice({ deviceId: 'plain' });
    await registry.addConfiguration(configuration({ id: 'c1', content: base({}) }));
    expect(states('plain')).toEqual([]);
    expect(states('e1')).toEqual(['c1 Applied']);
  });

  it('count by priority, and the newer one where that is the same', async () => {
    const { registry, agent, states } = await start();
    await registry.addConfiguration(configuration({ id: 'low', content: base({ a: image('low') }), priority: 1 }));
    await registry.addConfiguration(configuration({ id: 'high', content: base({ a: image('high') }), priority: 5 }));
    expect(agent()).toMatchObject({ modules: { a: image('high') } });
    expect(states().toSorted()).toEqual(['high Applied', 'low Targeted']);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await registry.addConfiguration(configuration({ id: 'equal', content: base({ a: image('equal') }), priority: 5 }));
    expect(agent()).toMatchObject({ modules: { a: image('equal') } });
    await registry.removeConfiguration('equal');
    await registry.removeConfiguration('high');
    expect(agent()).toMatchObject({ modules: { a: image('low') } });
    await registry.removeConfiguration('low');
    expect(agent()).toMatchObject({ modules: { a: image('low') } });
  });

  it('lay layers over the base, in the order of their priorities', async () => {
    const { hub, registry, agent, modules, states } = await start();
    const content = base({ a: image('a:1') }, { a: { 'properties.desired': { interval: 1, deep: { x: 1, y: 1 } } } });
    await registry.addConfiguration(configuration({ id: 'base', content, priority: 2 }));
    const layer = (id: string, priority: number, modulesContent: Record<string, unknown>) =>
      registry.addConfiguration(configuration({ id, priority, content: { modulesContent } }));
    await layer('adds', 3, {
      $edgeAgent: { 'properties.desired.modules.b': image('b:1') },
      $edgeHub: { 'properties.desired.routes.b': 'FROM /messages/modules/b/* INTO $upstream' },
      a: { 'properties.desired.deep.x': 2 },
    });
    await layer('over', 4, {
      $edgeAgent: { 'properties.desired.modules.b': image('b:2') },
      b: { 'properties.desired': { from: 'over' } },
    });
    await layer('too-low', 2, { $edgeAgent: { 'properties.desired.modules.c': image('c:1') } });
    expect(modules()).toEqual(['a', 'b']);
    expect(agent()).toMatchObject({ modules: { a: image('a:1'), b: image('b:2') } });
    expect(hub.twin('e1', '$edgeHub').desired.properties).toMatchObject({
      routes: { up: 'FROM /* INTO $upstream', b: 'FROM /messages/modules/b/* INTO $upstream' },
    });
    expect(hub.twin('e1', 'a').desired.properties).toEqual({ interval: 1, deep: { x: 2, y: 1 } });
    expect(hub.twin('e1', 'b').desired.properties).toEqual({ from: 'over' });
    expect(states().toSorted()).toEqual(['adds Applied', 'base Applied', 'over Applied', 'too-low Targeted']);
    await registry.removeConfiguration('adds');
    await registry.removeConfiguration('over');
    expect(modules()).toEqual(['a']);
  });

  it('follow a change of priority', async () => {
    const { registry, agent } = await start();
    await registry.addConfiguration(configuration({ id: 'one', content: base({ a: image('one') }), priority: 1 }));
    await registry.addConfiguration(configuration({ id: 'two', content: base({ a: image('two') }), priority: 2 }));
    const { responseBody } = await registry.getConfiguration('one');
    await registry.updateConfiguration({ ...responseBody, priority: 3 });
    expect(agent()).toMatchObject({ modules: { a: image('one') } });
  });

  it('leave what a person has set since, until they change', async () => {
    const { hub, registry } = await start();
    const content = base({ a: image('a:1') }, { a: { 'properties.desired': { n: 1 } } });
    await registry.addConfiguration(configuration({ id: 'c1', content }));
    hub.patchDesired('e1', 'a', { n: 2 });
    hub.patchReported('e1', undefined, { up: true });
    expect(hub.twin('e1', 'a').desired.properties).toEqual({ n: 2 });
  });

  it('set desired properties of devices and of modules', async () => {
    const { hub, registry, states } = await start();
    hub.createModule({ deviceId: 'e1', moduleId: 'm' });
    hub.patchDesired('e1', 'm', { mine: 1 });
    const device = { deviceContent: { 'properties.desired.fan': { speed: 2 } } };
    await registry.addConfiguration(
      configuration({ id: 'fans', content: device, targetCondition: "tags.ring = 'test'" }),
    );
    expect(hub.twin('e1').desired.properties).toEqual({ fan: { speed: 2 } });
    expect(states()).toEqual(['fans Applied']);
    const module = { moduleContent: { 'properties.desired.level': 3 } };
    const targetCondition = "FROM devices.modules WHERE moduleId = 'm'";
    await registry.addConfiguration(configuration({ id: 'levels', content: module, targetCondition }));
    expect(hub.twin('e1', 'm').desired.properties).toEqual({ mine: 1, level: 3 });
    hub.createDevice({ deviceId: 'd2' });
    hub.createModule({ deviceId: 'd2', moduleId: 'm' });
    expect(hub.twin('d2', 'm').desired.properties).toEqual({ level: 3 });
  });

  it('measure themselves', async () => {
    const { hub, registry } = await start();
    const metrics = { results: {}, queries: { tested: "SELECT deviceId FROM devices WHERE tags.ring = 'test'" } };
    await registry.addConfiguration(configuration({ id: 'c1', content: base({}), metrics }));
    const version = hub.twin('e1', '$edgeAgent').desired.version;
    hub.patchReported('e1', '$edgeAgent', { lastDesiredVersion: version, lastDesiredStatus: { code: 200 } });
    const { responseBody } = await registry.getConfiguration('c1');
    expect(responseBody.metrics?.results).toEqual({ tested: 1 });
    expect(responseBody.systemMetrics?.results).toEqual({
      targetedCount: 1,
      appliedCount: 1,
      reportedSuccessfulCount: 1,
      reportedFailedCount: 0,
    });
  });

  it('report what cannot be applied, and apply the rest', async () => {
    const { fixture, hub, registry, modules } = await start();
    const content = { modulesContent: { $edgeAgent: { 'properties.desired': { modules: { a: image('a') } } } } };
    await registry.addConfiguration(configuration({ id: 'no-hub', content, targetCondition: "deviceId = 'e1'" }));
    expect(modules()).toEqual([]);
    expect(fixture.events).toMatchObject([
      { stage: 'simulator.deployment', state: 'failed', data: { deviceId: 'e1' } },
    ]);
    hub.createDevice({ deviceId: 'e2', edge: true });
    await registry.addConfiguration(configuration({ id: 'good', content: base({ b: image('b') }), priority: 9 }));
    expect(modules('e2')).toEqual(['b']);
  });

  it('end when they chase each other', async () => {
    const { fixture, hub, registry } = await start();
    const chase = (id: string, when: number, value: number) =>
      registry.addConfiguration(
        configuration({
          id,
          content: { deviceContent: { 'properties.desired.x': value } },
          targetCondition: `properties.desired.x = ${when}`,
        }),
      );
    await chase('one', 1, 2);
    await chase('two', 2, 1);
    hub.patchDesired('e1', undefined, { x: 1 });
    expect(fixture.events).toMatchObject([{ text: expect.stringContaining('keep changing what each other target') }]);
  });
});
