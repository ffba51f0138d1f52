import { JobClient } from 'azure-iothub';
import { describe, expect, it } from 'vitest';
import { restClientFor } from '../../../test/registry-client.ts';
import { RegistryFixture } from '../../../test/registry-fixture.ts';

const container = 'https://account.blob.core.windows.net/container?sas';

describe('what the simulated hub does not have', () => {
  it('import and export: refused with the reason, as IoT Hub refuses', async () => {
    const { registry } = await RegistryFixture.start();
    const refusal = {
      name: 'ArgumentError',
      responseBody: expect.stringContaining('ErrorCode:InvalidOperation;the simulator has no blob storage'),
    };
    await expect(registry.importDevicesFromBlob(container, container)).rejects.toMatchObject(refusal);
    await expect(registry.importDevicesFromBlobByIdentity(container, container)).rejects.toMatchObject(refusal);
    await expect(registry.exportDevicesToBlob(container, true)).rejects.toMatchObject(refusal);
    await expect(registry.exportDevicesToBlobByIdentity(container, false)).rejects.toMatchObject(refusal);
  });

  it('jobs: there are none', async () => {
    const { registry } = await RegistryFixture.start();
    expect((await registry.listJobs()).responseBody).toEqual([]);
    const notFound = {
      response: { statusCode: 404 },
      responseBody: expect.stringContaining('ErrorCode:JobNotFound;there is no job \\"j\\"'),
    };
    await expect(registry.getJob('j')).rejects.toMatchObject(notFound);
    await expect(registry.cancelJob('j')).rejects.toMatchObject(notFound);
  });

  it('scheduled jobs', async () => {
    const fixture = await RegistryFixture.start();
    const jobs = new JobClient(restClientFor(fixture.token(), fixture));
    const scheduled = jobs.scheduleDeviceMethod('j', '*', { methodName: 'm', payload: {} }, new Date(), 60);
    await expect(scheduled).rejects.toMatchObject({
      responseBody: expect.stringContaining('ErrorCode:InvalidOperation;the simulator runs no scheduled jobs'),
    });
    await expect(jobs.getJob('j')).rejects.toMatchObject({ response: { statusCode: 404 } });
    const found = jobs.createQuery();
    expect((await found.next()).result).toEqual([]);
  });

  it('digital twins', async () => {
    const { request } = await RegistryFixture.start().then((fixture) => ({ request: fixture.request.bind(fixture) }));
    expect(await request('GET', '/digitaltwins/d')).toMatchObject({
      status: 400,
      body: { Message: expect.stringMatching(/^ErrorCode:InvalidOperation;the simulator has no digital twins/) },
    });
  });

  it('who may not ask is told so before', async () => {
    const fixture = await RegistryFixture.start();
    const headers = { authorization: 'Bearer token-of-entra-id' };
    expect(await fixture.request('POST', '/jobs/create', { headers, body: {} })).toMatchObject({
      status: 401,
      body: { Message: expect.stringContaining('tokens of Entra ID are not taken, use a connection string') },
    });
  });
});
