import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/support/engine-fixture.ts';
import { HourlyBudget } from './hourly-budget.ts';

const MINUTE_MS = 60_000;

async function setUp() {
  const directory = await temporaryFolder();
  const clock = { now: 1_000_000 * MINUTE_MS };
  const troubles: string[] = [];
  const open = () =>
    HourlyBudget.open(
      directory,
      (file) => troubles.push(path.basename(file)),
      () => clock.now,
    );
  return { directory, clock, troubles, open };
}

describe('HourlyBudget', () => {
  it('allows so many in any hour', async () => {
    const { clock, open } = await setUp();
    const budget = await open();
    await budget.spend();
    clock.now += 40 * MINUTE_MS;
    await Promise.all([budget.spend(), budget.spend()]);
    expect(budget.left(3)).toBe(0);
    clock.now += 21 * MINUTE_MS;
    expect(budget.left(3)).toBe(1);
    clock.now += 60 * MINUTE_MS;
    expect(budget.left(3)).toBe(3);
  });

  it('counts what a former process spent', async () => {
    const { clock, open } = await setUp();
    const former = await open();
    await Promise.all([former.spend(), former.spend()]);
    clock.now += MINUTE_MS;
    expect((await open()).left(3)).toBe(1);
  });

  it('forgets nothing and waits no longer when the clock is set back', async () => {
    const { clock, open } = await setUp();
    await (await open()).spend();
    clock.now -= 24 * 60 * MINUTE_MS;
    const budget = await open();
    expect(budget.left(3)).toBe(2);
    clock.now += 61 * MINUTE_MS;
    expect(budget.left(3)).toBe(3);
  });

  it('begins anew, and says so, when the file is damaged', async () => {
    const { directory, troubles, open } = await setUp();
    await writeFile(path.join(directory, 'fallback-budget.json'), '[["x"]]');
    const budget = await open();
    expect(troubles).toEqual(['fallback-budget.json']);
    await budget.spend();
    expect(JSON.parse(await readFile(path.join(directory, 'fallback-budget.json'), 'utf8'))).toEqual([[1_000_000, 1]]);
  });
});
