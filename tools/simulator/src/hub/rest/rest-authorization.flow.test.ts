import { describe, expect, it } from 'vitest';
import { RegistryFixture } from '../../../test/registry-fixture.ts';

describe('tokens of the service API', () => {
  it('are good for the hub and for what lies above the request', async () => {
    const fixture = await RegistryFixture.start();
    fixture.hub.createDevice({ deviceId: 'd1' });
    for (const audience of ['localhost', 'LOCALHOST', `localhost:${fixture.port}`, 'localhost/devices']) {
      const { responseBody } = await fixture.registryWith(fixture.token({ audience })).get('d1');
      expect(responseBody.deviceId).toBe('d1');
    }
  });

  it.each([
    ['another hub', { audience: 'other.azure-devices.net' }, 'the token is for'],
    ['something beside the request', { audience: 'localhost/twins' }, 'localhost/twins'],
    ['a wrong key', { key: Buffer.alloc(32).toString('base64') }, 'the signature was not made'],
    ['a past time', { expiresAt: Math.floor(Date.now() / 1000) - 1 }, 'the token expired at'],
    ['a policy that there is not', { policy: 'root', key: 'AAAA' }, 'there is no policy'],
  ])('are refused for %s', async (_name, change, reason) => {
    const fixture = await RegistryFixture.start();
    const registry = fixture.registryWith(fixture.token(change));
    await expect(registry.get('d1')).rejects.toMatchObject({
      name: 'UnauthorizedError',
      response: { statusCode: 401 },
      responseBody: expect.stringContaining(reason),
    });
  });

  it('are refused when the policy does not allow the request', async () => {
    const fixture = await RegistryFixture.start();
    fixture.hub.createDevice({ deviceId: 'd1' });
    const reader = fixture.registryWith(fixture.token({ policy: 'registryRead' }));
    expect((await reader.get('d1')).responseBody.deviceId).toBe('d1');
    await expect(reader.create({ deviceId: 'd2' })).rejects.toMatchObject({ name: 'UnauthorizedError' });
    await expect(reader.getTwin('d1')).rejects.toMatchObject({ name: 'UnauthorizedError' });
    const service = fixture.registryWith(fixture.token({ policy: 'service' }));
    expect((await service.getTwin('d1')).responseBody.deviceId).toBe('d1');
    await expect(service.get('d1')).rejects.toMatchObject({ name: 'UnauthorizedError' });
  });

  it.each(['', 'Bearer abc', 'SharedAccessSignature sr=localhost', 'SharedAccessSignature sr=%zz&sig=a&se=1&skn=x'])(
    'are refused in the form %j, without reading the body',
    async (authorization) => {
      const fixture = await RegistryFixture.start();
      const headers = { authorization };
      const answer = await fixture.request('PUT', '/devices/d1', { headers, text: 'not JSON' });
      expect(answer).toMatchObject({
        status: 401,
        body: { Message: expect.stringMatching(/^ErrorCode:IotHubUnauthorizedAccess;/) },
      });
    },
  );

  it('may be signed with the secondary key', async () => {
    const fixture = await RegistryFixture.start();
    const key = fixture.policies.get('iothubowner')?.secondaryKey ?? '';
    await expect(fixture.registryWith(fixture.token({ key })).list()).resolves.toBeDefined();
  });
});
