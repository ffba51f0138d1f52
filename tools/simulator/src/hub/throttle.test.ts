import { describe, expect, it } from 'vitest';
import { RegistryFixture } from '../../test/registry-fixture.ts';
import { FaultPlan } from '../faults/fault-plan.ts';
import { Throttle } from './throttle.ts';

describe('a throttle', () => {
  it('ends after its time, its number of requests, or when it is told to', () => {
    let time = 0;
    const throttle = new Throttle(new FaultPlan(() => time));
    const isOpen = () => {
      try {
        throttle.check();
        return true;
      } catch {
        return false;
      }
    };
    expect(isOpen()).toBe(true);
    throttle.set({ durationMs: 1000 });
    expect(isOpen()).toBe(false);
    time = 1000;
    expect(isOpen()).toBe(true);
    throttle.set({ requests: 2 });
    expect([isOpen(), isOpen(), isOpen()]).toEqual([false, false, true]);
    throttle.set({});
    expect(isOpen()).toBe(false);
    throttle.set({ durationMs: 0 });
    expect(isOpen()).toBe(true);
  });

  it('answers the Registry with 429 and the time to wait, and lets it in again', async () => {
    const { hub, registry } = await RegistryFixture.start();
    hub.throttle.set({ requests: 1, durationMs: 2500 });
    await expect(registry.list()).rejects.toMatchObject({
      name: 'ThrottlingError',
      response: { statusCode: 429, headers: { 'retry-after': '3' } },
      responseBody: expect.stringContaining('ErrorCode:ThrottlingException;'),
    });
    expect((await registry.list()).responseBody).toEqual([]);
  });

  it('does not hide that a token is wrong', async () => {
    const fixture = await RegistryFixture.start();
    fixture.hub.throttle.set({});
    const registry = fixture.registryWith(fixture.token({ policy: 'nobody' }));
    await expect(registry.list()).rejects.toMatchObject({ name: 'UnauthorizedError' });
  });
});
