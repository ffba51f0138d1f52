import { describe, expect, it } from 'vitest';
import { RegistryFixture } from '../../../test/registry-fixture.ts';

describe('Registry, devices', () => {
  it('creates, gets, updates, lists and deletes', async () => {
    const { registry } = await RegistryFixture.start();
    const created = await registry.create({ deviceId: 'd1' });
    expect(created.responseBody.deviceId).toBe('d1');
    expect(created.responseBody.authentication?.symmetricKey?.primaryKey).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    expect(created.responseBody.capabilities?.iotEdge).toBe(false);
    const got = (await registry.get('d1')).responseBody;
    expect(got.etag).toBe(created.responseBody.etag);
    expect(got.status).toBe('enabled');
    const { etag } = got;
    const updated = (await registry.update(Object.assign(got, { status: 'disabled' as const }))).responseBody;
    expect(updated.status).toBe('disabled');
    expect(updated.etag).not.toBe(etag);
    expect(updated.authentication?.symmetricKey).toEqual(got.authentication?.symmetricKey);
    await registry.create({ deviceId: 'a0' });
    const listed = (await registry.list()).responseBody;
    expect(listed.map((device) => device.deviceId)).toEqual(['a0', 'd1']);
    await registry.delete('d1');
    await expect(registry.get('d1')).rejects.toMatchObject({ name: 'DeviceNotFoundError' });
  });

  it('makes new keys when an update sends none, as the sheet warns', async () => {
    const { registry } = await RegistryFixture.start();
    const before = (await registry.create({ deviceId: 'd1' })).responseBody;
    const after = (await registry.update({ deviceId: 'd1', status: 'enabled' })).responseBody;
    expect(after.authentication?.symmetricKey?.primaryKey).not.toBe(before.authentication?.symmetricKey?.primaryKey);
    expect(after.authentication?.symmetricKey?.primaryKey).toBeTruthy();
  });

  it('keeps the keys and thumbprints that it is given', async () => {
    const { registry } = await RegistryFixture.start();
    const primaryKey = Buffer.alloc(32, 1).toString('base64');
    const secondaryKey = Buffer.alloc(32, 2).toString('base64');
    const symmetric = { symmetricKey: { primaryKey, secondaryKey } };
    const withKeys = await registry.create({ deviceId: 'k', authentication: symmetric });
    expect(withKeys.responseBody.authentication?.symmetricKey).toEqual({ primaryKey, secondaryKey });
    const x509Thumbprint = { primaryThumbprint: 'A'.repeat(40), secondaryThumbprint: 'B'.repeat(40) };
    const withCertificate = await registry.create({ deviceId: 'x', authentication: { x509Thumbprint } });
    expect(withCertificate.responseBody.authentication).toMatchObject({ type: 'selfSigned', x509Thumbprint });
  });

  it('gives an edge device its system modules and a scope', async () => {
    const { registry } = await RegistryFixture.start();
    const device = (await registry.create({ deviceId: 'e', capabilities: { iotEdge: true } })).responseBody;
    expect(device).toMatchObject({
      capabilities: { iotEdge: true },
      deviceScope: `ms-azure-iot-edge://e-${device.generationId}`,
    });
    const modules = (await registry.getModulesOnDevice('e')).responseBody;
    expect(modules.map((module) => module.moduleId)).toEqual(['$edgeAgent', '$edgeHub']);
  });

  it('refuses a second device of the same id, and ids that IoT Hub does not allow', async () => {
    const { registry } = await RegistryFixture.start();
    await registry.create({ deviceId: 'd1' });
    await expect(registry.create({ deviceId: 'd1' })).rejects.toMatchObject({ name: 'DeviceAlreadyExistsError' });
    await expect(registry.create({ deviceId: 'a b' })).rejects.toMatchObject({
      name: 'ArgumentError',
      responseBody: expect.stringContaining('ErrorCode:ArgumentInvalid;'),
    });
    await expect(registry.create({ deviceId: 'x'.repeat(129) })).rejects.toMatchObject({ name: 'ArgumentError' });
    await expect(registry.create({ deviceId: "all-:.+%_#*?!(),=@;$'0" })).resolves.toBeDefined();
  });

  it('deletes what is on a device with it, and makes another generation the next time', async () => {
    const { registry, hub } = await RegistryFixture.start();
    const first = (await registry.create({ deviceId: 'd1' })).responseBody;
    await registry.addModule({ deviceId: 'd1', moduleId: 'm' });
    await registry.delete('d1');
    const second = (await registry.create({ deviceId: 'd1' })).responseBody;
    expect(second.generationId).not.toBe(first.generationId);
    expect(hub.modulesOf('d1')).toEqual([]);
    expect(() => hub.twin('d1', 'm')).toThrow('no module "m"');
  });

  it('compares If-Match with the ETag', async () => {
    const { registry, request } = await withRequest();
    const { etag } = (await registry.create({ deviceId: 'd1' })).responseBody;
    const body = { deviceId: 'd1', status: 'disabled' };
    const stale = await request('PUT', '/devices/d1', { body, headers: { 'if-match': '"c3RhbGU="' } });
    expect(stale).toMatchObject({
      status: 412,
      body: { Message: expect.stringMatching(/^ErrorCode:PreconditionFailed;/) },
    });
    const fresh = await request('PUT', '/devices/d1', { body, headers: { 'if-match': `"${etag}"` } });
    expect(fresh.status).toBe(200);
    expect(fresh.headers['etag']).toBe(`"${(fresh.body as { etag: string }).etag}"`);
    const gone = await request('DELETE', '/devices/d1', { headers: { 'if-match': `"${etag}"` } });
    expect(gone.status).toBe(412);
  });

  it('names the part of a body that is wrong', async () => {
    const { request } = await withRequest();
    const notJson = await request('PUT', '/devices/d1', { text: '{"deviceId":' });
    expect(notJson).toMatchObject({ status: 400, body: { Message: expect.stringContaining('not JSON') } });
    const wrong = await request('PUT', '/devices/d1', { body: { deviceId: 'd1', status: 'maybe' } });
    expect(wrong).toMatchObject({ status: 400, body: { Message: expect.stringContaining('$.status') } });
    const other = await request('PUT', '/devices/d1', { body: { deviceId: 'd2' } });
    expect(other).toMatchObject({ status: 400, body: { Message: expect.stringContaining('the path about') } });
    const big = await request('PUT', '/devices/d1', { text: ' '.repeat(8 * 1024 * 1024 + 1) });
    expect(big).toMatchObject({
      status: 413,
      body: { Message: expect.stringMatching(/^ErrorCode:RequestEntityTooLarge;/) },
    });
  });
});

describe('Registry, modules', () => {
  it('adds, gets, updates, lists and removes', async () => {
    const { registry } = await RegistryFixture.start();
    await registry.create({ deviceId: 'd1' });
    await registry.addModule({ deviceId: 'd1', moduleId: 'm1' });
    const module = (await registry.getModule('d1', 'm1')).responseBody;
    expect(module).toMatchObject({ deviceId: 'd1', moduleId: 'm1', managedBy: null, connectionState: 'Disconnected' });
    const updated = await registry.updateModule({ ...module, managedBy: 'me' });
    expect(updated.responseBody.managedBy).toBe('me');
    await expect(registry.updateModule({ ...module, managedBy: 'you' })).rejects.toMatchObject({
      name: 'InvalidEtagError',
    });
    await registry.updateModule({ ...module, managedBy: 'you' }, true);
    await registry.removeModule('d1', 'm1');
    expect((await registry.getModulesOnDevice('d1')).responseBody).toEqual([]);
    await expect(registry.getModule('d1', 'm1')).rejects.toMatchObject({
      response: { statusCode: 404 },
      responseBody: expect.stringContaining('ErrorCode:ModuleNotFound;'),
    });
  });

  it('wants the device to be there, and each module once', async () => {
    const { registry } = await RegistryFixture.start();
    await expect(registry.addModule({ deviceId: 'd1', moduleId: 'm1' })).rejects.toMatchObject({
      name: 'DeviceNotFoundError',
    });
    await registry.create({ deviceId: 'd1' });
    await registry.addModule({ deviceId: 'd1', moduleId: 'm1' });
    await expect(registry.addModule({ deviceId: 'd1', moduleId: 'm1' })).rejects.toMatchObject({
      response: { statusCode: 409 },
      responseBody: expect.stringContaining('ErrorCode:ModuleAlreadyExistsOnDevice;'),
    });
  });

  it('refuses the hundred and first module of a device', async () => {
    const { registry, hub } = await RegistryFixture.start();
    hub.createDevice({ deviceId: 'd1' });
    for (let n = 0; n < 100; n += 1) hub.createModule({ deviceId: 'd1', moduleId: `m${n}` });
    await expect(registry.addModule({ deviceId: 'd1', moduleId: 'more' })).rejects.toMatchObject({
      response: { statusCode: 403 },
      responseBody: expect.stringContaining('ErrorCode:TooManyModulesOnDevice;'),
    });
  });
});

describe('Registry, bulk', () => {
  it('adds, updates and removes up to a hundred devices at once', async () => {
    const { registry } = await RegistryFixture.start();
    const devices = Array.from({ length: 100 }, (_, n) => ({ deviceId: `d${n}` }));
    const added = await registry.addDevices(devices);
    expect(added.responseBody).toEqual({ isSuccessful: true, errors: [], warnings: [] });
    const updated = await registry.updateDevices([{ deviceId: 'd1', status: 'disabled' }], true);
    expect(updated.responseBody.isSuccessful).toBe(true);
    expect((await registry.get('d1')).responseBody.status).toBe('disabled');
    await registry.removeDevices([{ deviceId: 'd1' }, { deviceId: 'd2' }], true);
    const statistics = (await registry.getRegistryStatistics()).responseBody;
    expect(statistics).toEqual({ totalDeviceCount: 98, enabledDeviceCount: 98, disabledDeviceCount: 0 });
  });

  it('reports each item that fails, and does the others', async () => {
    const { registry, hub } = await RegistryFixture.start();
    hub.createDevice({ deviceId: 'd1' });
    await expect(registry.addDevices([{ deviceId: 'd1' }, { deviceId: 'd2' }])).rejects.toMatchObject({
      response: { statusCode: 400 },
      responseBody: expect.stringContaining('"errorCode":"DeviceAlreadyExists"'),
    });
    expect(hub.identity('d2')).toBeDefined();
    const { etag } = hub.requireIdentity('d2');
    const stale = [{ deviceId: 'd2', etag: 'c3RhbGU=' }];
    await expect(registry.removeDevices(stale, false)).rejects.toMatchObject({
      responseBody: expect.stringContaining('"errorCode":"PreconditionFailed"'),
    });
    await registry.removeDevices([{ deviceId: 'd2', etag }], false);
    expect(hub.identity('d2')).toBeUndefined();
  });

  it('updates twins, if they are as expected', async () => {
    const { hub, request } = await withRequest();
    hub.createDevice({ deviceId: 'd1' });
    const { etag } = hub.twin('d1');
    const change = (importMode: string, tags: object, twinETag?: string) =>
      request('POST', '/devices', { body: [{ id: 'd1', importMode, tags, twinETag }] });
    expect((await change('updateTwinIfMatchETag', { a: 1 }, etag)).status).toBe(200);
    expect(await change('updateTwinIfMatchETag', { a: 2 }, etag)).toMatchObject({
      status: 400,
      body: { isSuccessful: false, errors: [{ deviceId: 'd1', errorCode: 'PreconditionFailed' }] },
    });
    expect((await change('updateTwin', { b: 1 })).status).toBe(200);
    expect(hub.twin('d1').tags).toEqual({ a: 1, b: 1 });
  });
});

describe('statistics', () => {
  it('count enabled, disabled and connected devices', async () => {
    const { registry, hub, request } = await withRequest();
    hub.createDevice({ deviceId: 'a' });
    hub.createDevice({ deviceId: 'b', status: 'disabled' });
    hub.setConnectionState('a', undefined, 'Connected');
    expect((await registry.getRegistryStatistics()).responseBody).toEqual({
      totalDeviceCount: 2,
      enabledDeviceCount: 1,
      disabledDeviceCount: 1,
    });
    expect((await request('GET', '/statistics/service')).body).toEqual({ connectedDeviceCount: 1 });
  });
});

async function withRequest() {
  const fixture = await RegistryFixture.start();
  return { registry: fixture.registry, hub: fixture.hub, request: fixture.request.bind(fixture) };
}
