import { describe, expect, it } from 'vitest';
import { RegistryFixture } from '../../../test/registry-fixture.ts';

async function start() {
  const fixture = await RegistryFixture.start();
  const device = fixture.hub.createDevice({ deviceId: 'd' });
  const send = (messageId: string) =>
    fixture.hub.sendToDevice('d', { body: Buffer.from('x'), systemProperties: { messageId }, ack: 'full' });
  return { fixture, device, send, messages: fixture.hub.cloudMessages };
}

describe('cloud-to-device messages over REST', () => {
  it('are counted with their device, and purged', async () => {
    const { fixture, send } = await start();
    const { registry } = fixture;
    send('a');
    send('b');
    expect((await registry.get('d')).responseBody).toMatchObject({ cloudToDeviceMessageCount: 2 });
    expect((await registry.getTwin('d')).responseBody).toMatchObject({ cloudToDeviceMessageCount: 2 });
    expect(await fixture.request('DELETE', '/devices/d/commands')).toMatchObject({
      status: 200,
      body: { totalMessagesPurged: 2, deviceId: 'd', moduleId: null },
    });
    expect((await registry.get('d')).responseBody).toMatchObject({ cloudToDeviceMessageCount: 0 });
    expect(await fixture.request('DELETE', '/devices/none/commands')).toMatchObject({
      status: 404,
      body: { Message: expect.stringMatching(/^ErrorCode:DeviceNotFound;/) },
    });
  });

  it('give feedback that is locked, given up and confirmed', async () => {
    const { fixture, device, send, messages } = await start();
    const path = '/messages/serviceBound/feedback';
    expect((await fixture.request('GET', path)).status).toBe(204);
    messages.end(device, send('a').sequenceNumber, 'Success');
    const read = await fixture.request('GET', path);
    expect(read).toMatchObject({
      status: 200,
      body: [{ originalMessageId: 'a', statusCode: 'Success', deviceId: 'd', deviceGenerationId: device.generationId }],
    });
    expect((await fixture.request('GET', path)).status).toBe(204);
    expect((await fixture.request('POST', `${path}/${tokenOf(read)}/abandon`)).status).toBe(204);
    const again = await fixture.request('GET', path);
    expect(again.body).toEqual(read.body);
    expect((await fixture.request('DELETE', `${path}/${tokenOf(again)}`)).status).toBe(204);
    expect((await fixture.request('GET', path)).status).toBe(204);
    expect(await fixture.request('DELETE', `${path}/${tokenOf(again)}`)).toMatchObject({
      status: 412,
      body: { Message: expect.stringMatching(/^ErrorCode:DeviceMessageLockLost;/) },
    });
  });
});

function tokenOf({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): string {
  return String(headers['etag']).replaceAll('"', '');
}
