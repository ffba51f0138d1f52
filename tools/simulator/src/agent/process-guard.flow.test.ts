import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';

const HOST = path.resolve(import.meta.dirname, '../../test/guard-host.ts');

/** Whether any process of a group is there. */
function isGroupAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}

it('ends every process group when the process beside it is killed', async () => {
  const host = spawn(process.execPath, ['--conditions=edgewright-source', HOST], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void host.kill('SIGKILL'));
  const groups: number[] = [];
  for await (const line of createInterface(host.stdout)) {
    groups.push(Number(line));
    if (groups.length === 2) break;
  }
  // the shells need a moment to set their traps
  await delay(300);
  expect(groups.map(isGroupAlive)).toEqual([true, true]);
  host.kill('SIGKILL');
  await once(host, 'exit');
  const deadline = Date.now() + 10_000;
  while (groups.some(isGroupAlive) && Date.now() < deadline) await delay(50);
  expect(groups.map(isGroupAlive)).toEqual([false, false]);
});
