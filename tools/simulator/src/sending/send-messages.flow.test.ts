import { describe, expect, it } from 'vitest';
import { DEVICE, EdgeHubFixture } from '../../test/edge-hub-fixture.ts';
import type { SendOptions } from './send-messages.ts';
import { sendMessages } from './send-messages.ts';

function messages(count: number) {
  return Array.from({ length: count }, (_, n) => ({ body: { n }, messageId: `id-${n}`, properties: { n: String(n) } }));
}

async function start() {
  const fixture = await EdgeHubFixture.start({ modules: ['sensor'] });
  const { port } = fixture.edgeHub;
  const { primaryKey } = fixture.hub.requireIdentity(DEVICE, 'sensor');
  const send = async (options: Partial<SendOptions> & Pick<SendOptions, 'messages'>) =>
    await sendMessages({
      connectionString: `HostName=${fixture.hub.hostName};DeviceId=${DEVICE};ModuleId=sensor;SharedAccessKey=${primaryKey};GatewayHostName=localhost:${port}`,
      ca: fixture.authority.trustBundle,
      output: 'out',
      ...options,
    });
  const arrived = async (count: number) =>
    (await fixture.telemetry(count)).map((record) => Number(record.properties['n']));
  return { fixture, send, arrived };
}

describe('sendMessages', () => {
  it('sends as a module, in order, and waits for every confirmation', async () => {
    const { fixture, send } = await start();
    const confirmed: number[] = [];
    const result = await send({ messages: messages(20), onConfirmed: (_, index) => confirmed.push(index) });
    expect(result).toMatchObject({ confirmed: 20, resent: 0 });
    expect(confirmed).toEqual(Array.from({ length: 20 }, (_, n) => n));
    const [first] = await fixture.telemetry(20);
    expect(first).toMatchObject({
      deviceId: DEVICE,
      moduleId: 'sensor',
      properties: { n: '0' },
      systemProperties: {
        messageId: 'id-0',
        contentType: 'application/json',
        contentEncoding: 'utf-8',
      },
    });
    expect(first?.body.toString()).toBe('{"n":0}');
  });

  it('takes text, bytes and any JSON', async () => {
    const { fixture, send } = await start();
    await send({ messages: [{ body: 'text' }, { body: Buffer.from([0, 200]) }, { body: [1] }, { body: null }] });
    const bodies = (await fixture.telemetry(4)).map((record) => record.body.toString('latin1'));
    expect(bodies).toEqual(['text', '\u0000\u00c8', '[1]', 'null']);
  });

  it('keeps many messages in flight, and no more of the source than that', async () => {
    const { send, arrived } = await start();
    let confirmed = 0;
    let most = 0;
    function* source() {
      for (const [index, message] of messages(200).entries()) {
        most = Math.max(most, index - confirmed);
        yield message;
      }
    }
    await send({ messages: source(), inFlight: 10, onConfirmed: () => (confirmed += 1) });
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(10);
    expect((await arrived(200)).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });

  it('loses nothing when edgeHub is restarted in between', async () => {
    const { fixture, send, arrived } = await start();
    let restarted: Promise<void> | undefined;
    const restart = async () => {
      await fixture.stop();
      await fixture.resume();
    };
    const result = await send({
      messages: messages(100),
      inFlight: 5,
      onConfirmed: (_, index) => {
        if (index === 30) restarted ??= restart();
      },
    });
    await restarted;
    expect(result.confirmed).toBe(100);
    // some may have come twice, so that it is not known how many there are
    const { hub } = fixture;
    await expect.poll(async () => new Set(await arrived(hub.lastSequenceNumber)).size).toBe(100);
  });

  it('waits for an edgeHub that comes up late', async () => {
    const { fixture, send, arrived } = await start();
    await fixture.stop();
    const sending = send({ messages: messages(3) });
    await new Promise((resolve) => setTimeout(resolve, 600));
    await fixture.resume();
    expect(await sending).toMatchObject({ confirmed: 3 });
    expect(await arrived(3)).toEqual([0, 1, 2]);
  });

  it('gives up with the reason when nothing moves', async () => {
    const { fixture, send } = await start();
    await fixture.stop();
    await expect(send({ messages: messages(3), stallTimeoutMs: 2000 })).rejects.toMatchObject({
      code: 'SimulatedTargetTimeout',
      message: expect.stringContaining('ECONNREFUSED'),
      details: { confirmed: 0 },
    });
  });

  it('does not take a slow source for a stall', async () => {
    const { send } = await start();
    async function* source() {
      yield { body: 1 };
      await new Promise((resolve) => setTimeout(resolve, 3500));
      yield { body: 2 };
    }
    expect(await send({ messages: source(), stallTimeoutMs: 2000 })).toMatchObject({ confirmed: 2 });
  });

  it('ends when its signal is aborted, and tells the source', async () => {
    const { send } = await start();
    const abort = new AbortController();
    let returned = false;
    async function* source() {
      try {
        for (let n = 0; ; n += 1) yield { body: n };
      } finally {
        returned = true;
      }
    }
    const reason = new DOMException('enough', 'AbortError');
    const sending = send({
      messages: source(),
      signal: abort.signal,
      onConfirmed: (_, index) => {
        if (index === 5) abort.abort(reason);
      },
    });
    await expect(sending).rejects.toBe(reason);
    expect(returned).toBe(true);
  });

  it('refuses a window that is none', async () => {
    const { send } = await start();
    await expect(send({ messages: [], inFlight: 0 })).rejects.toMatchObject({ code: 'SimulatorRequestInvalid' });
  });

  it('passes on what the source throws', async () => {
    const { send } = await start();
    async function* source() {
      yield { body: 1 };
      throw new RangeError('row 2 is not a number');
    }
    await expect(send({ messages: source() })).rejects.toThrow('row 2 is not a number');
  });
});
