import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator } from '@edgewright/simulator';
import { expect, it, onTestFinished } from 'vitest';
import { connectHub } from './connect-hub.ts';
import { applyTags, planTags } from './tag-devices.ts';

it('tags the devices of a condition, only those that need it, and none that somebody else changes meanwhile', async () => {
  const stateDirectory = await mkdtemp(path.join(tmpdir(), 'edgewright-tags-'));
  const simulator = await startSimulator({ stateDirectory, nodePath: process.execPath });
  const { connectionString, httpsPort, caFile } = simulator.info;
  const hub = connectHub({ connectionString, port: httpsPort, caFile });
  onTestFinished(async () => {
    await hub[Symbol.asyncDispose]();
    await simulator[Symbol.asyncDispose]();
    await rm(stateDirectory, { recursive: true, force: true });
  });
  for (const deviceId of ['n1', 'n2', 'n3', 's1']) {
    await hub.createEdgeDevice(deviceId);
    await hub.updateTwin({ deviceId }, { tags: { plant: deviceId.startsWith('n') ? 'north' : 'south' } }, '*');
  }
  await hub.updateTwin({ deviceId: 'n2' }, { tags: { ring: 'canary' } }, '*');
  const tags = { ring: 'canary', old: null, site: { hall: 7 } };
  const request = { condition: "tags.plant = 'north'", tags };
  const planned = await planTags(hub, request);
  expect(planned).toMatchObject({
    matched: 3,
    changes: [
      { deviceId: 'n1', before: { plant: 'north' }, after: { plant: 'north', ring: 'canary', site: { hall: 7 } } },
      { deviceId: 'n2' },
      { deviceId: 'n3' },
    ],
  });
  expect((await hub.getTwin('n1')).tags).toEqual({ plant: 'north' });
  await hub.updateTwin({ deviceId: 'n3' }, { tags: { owner: 'somebody' } }, '*');
  expect(await applyTags(hub, planned.changes, tags)).toEqual({ changed: ['n1', 'n2'], conflicts: ['n3'] });
  expect((await hub.getTwin('n1')).tags).toEqual({ plant: 'north', ring: 'canary', site: { hall: 7 } });
  expect((await hub.getTwin('n3')).tags).toEqual({ plant: 'north', owner: 'somebody' });
  expect((await planTags(hub, request)).changes.map(({ deviceId }) => deviceId)).toEqual(['n3']);
  expect((await planTags(hub, { condition: '*', tags: { ring: 'canary' }, count: 2 })).matched).toBe(2);
  const large = Object.fromEntries(Array.from({ length: 3 }, (_, index) => [`t${index}`, 'x'.repeat(3000)]));
  await expect(planTags(hub, { condition: '*', tags: large })).rejects.toThrow('"n1" would have 9042 bytes');
  await expect(planTags(hub, { condition: '*', tags: { 'a.b': 1 } })).rejects.toMatchObject({ code: 'TagsInvalid' });
  await expect(planTags(hub, { condition: 'tags.a =', tags: {} })).rejects.toMatchObject({ code: 'ConditionInvalid' });
});
