import { describe, expect, it } from 'vitest';
import { RegistryFixture } from '../../../test/registry-fixture.ts';

async function start(devices: number) {
  const fixture = await RegistryFixture.start();
  for (let n = 0; n < devices; n += 1) {
    const deviceId = `d${String(n).padStart(4, '0')}`;
    fixture.hub.createDevice({ deviceId });
    fixture.hub.patchTwin({ deviceId }, { tags: { parity: n % 2 === 0 ? 'even' : 'odd', n } });
  }
  return fixture;
}

// the SDK's `next` without a continuation begins at the first page again
async function all(fixture: RegistryFixture, text: string, pageSize?: number) {
  const query = fixture.registry.createQuery(text, pageSize);
  const pages: Record<string, unknown>[][] = [];
  while (query.hasMoreResults) pages.push((await query.next(query.continuationToken)).result);
  return pages;
}

describe('Registry.createQuery', () => {
  it('gives twins page by page, each once', async () => {
    const fixture = await start(600);
    const pages = await all(fixture, "SELECT * FROM devices WHERE tags.parity = 'odd'", 100);
    expect(pages.map((page) => page.length)).toEqual([100, 100, 100]);
    const ids = pages.flat().map((twin) => twin['deviceId']);
    expect(new Set(ids).size).toBe(300);
    expect(ids.slice(0, 2)).toEqual(['d0001', 'd0003']);
  });

  it('goes on where it was, also when devices come and go in between', async () => {
    const fixture = await start(10);
    const query = fixture.registry.createQuery('SELECT deviceId FROM devices', 4);
    const first = (await query.next()).result as { deviceId: string }[];
    fixture.hub.removeDevice('d0003');
    fixture.hub.removeDevice('d0004');
    fixture.hub.createDevice({ deviceId: 'd0004x' });
    const second = (await query.next(query.continuationToken)).result as { deviceId: string }[];
    expect([...first, ...second].map((row) => row.deviceId)).toEqual([
      'd0000',
      'd0001',
      'd0002',
      'd0003',
      'd0004x',
      'd0005',
      'd0006',
      'd0007',
    ]);
  });

  it('gives twins that can be updated', async () => {
    const fixture = await start(1);
    const { result } = await fixture.registry.createQuery('SELECT * FROM devices').nextAsTwin();
    const [twin] = result;
    await twin?.update({ tags: { seen: true } });
    expect(fixture.hub.twin('d0000').tags).toMatchObject({ seen: true });
  });

  it('knows modules, columns, TOP, and counts by group', async () => {
    const fixture = await start(5);
    fixture.hub.createModule({ deviceId: 'd0001', moduleId: 'm' });
    fixture.hub.createDevice({ deviceId: 'edge', edge: true });
    expect(await all(fixture, "SELECT deviceId, moduleId FROM devices.modules WHERE moduleId = 'm'")).toEqual([
      [{ deviceId: 'd0001', moduleId: 'm' }],
    ]);
    expect(await all(fixture, 'SELECT TOP 3 deviceId AS id FROM devices', 2)).toEqual([
      [{ id: 'd0000' }, { id: 'd0001' }],
      [{ id: 'd0002' }],
    ]);
    const grouped = await all(
      fixture,
      'SELECT tags.parity AS parity, COUNT() AS number, MAX(tags.n) AS top FROM devices GROUP BY tags.parity',
    );
    expect(grouped).toEqual([
      [{ parity: 'even', number: 3, top: 4 }, { parity: 'odd', number: 2, top: 3 }, { number: 1 }],
    ]);
    expect(await all(fixture, 'SELECT COUNT() AS number FROM devices WHERE capabilities.iotEdge = true')).toEqual([
      [{ number: 1 }],
    ]);
    expect(await all(fixture, 'SELECT AVG(tags.n) AS mean, SUM(tags.n) AS sum FROM devices')).toEqual([
      [{ mean: 2, sum: 10 }],
    ]);
    expect(await all(fixture, 'SELECT * FROM devices.jobs')).toEqual([[]]);
  });

  it('says what kind of items a page has', async () => {
    const fixture = await start(1);
    const twins = await fixture.request('POST', '/devices/query', { body: { query: 'SELECT * FROM devices' } });
    expect(twins.headers['x-ms-item-type']).toBe('Twin');
    const raw = await fixture.request('POST', '/devices/query', { body: { query: 'SELECT deviceId FROM devices' } });
    expect(raw.headers['x-ms-item-type']).toBe('Raw');
  });

  it('refuses what it does not understand, with the place', async () => {
    const fixture = await start(3);
    await expect(fixture.registry.createQuery('SELECT * FROM devices WHERE tags. = 1').next()).rejects.toMatchObject({
      name: 'ArgumentError',
      responseBody: expect.stringContaining('line 1, column 35'),
    });
    const query = (headers: Record<string, string>) =>
      fixture.request('POST', '/devices/query', { body: { query: 'SELECT * FROM devices' }, headers });
    expect((await query({ 'x-ms-max-item-count': '0' })).status).toBe(400);
    expect((await query({ 'x-ms-continuation': 'bm9uc2Vuc2U=' })).status).toBe(400);
    const other = fixture.registry.createQuery('SELECT deviceId FROM devices', 1);
    await other.next();
    expect((await query({ 'x-ms-continuation': other.continuationToken })).status).toBe(400);
  });
});
