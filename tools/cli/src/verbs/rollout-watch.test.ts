import type { RolloutView } from '@edgewright/workspace';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Invocation } from '../invocation.ts';
import { rolloutWatcher } from './rollout-watch.ts';

const time = Date.parse('2026-03-02T22:00:00Z');
const ready = { times: [time], values: [1] };
const errors = {
  gate: 'errors',
  maximum: 0.05,
  value: 0.02,
  passed: true,
  times: [time, time + 1],
  values: [0.01, 0.02],
};
const before: RolloutView = {
  name: 'diabetes-2',
  state: 'running',
  reason: '',
  updatedTime: time,
  rings: [
    { name: 'canary', devices: 20, state: 'watching', counts: counts(12, 5, 1, 2), ready, gates: [errors] },
    { name: 'rest', devices: 80, state: 'waits', ready, gates: [] },
  ],
  acts: [
    { time, act: 'started', details: 'canary: 20, rest: 80' },
    { time, act: 'ring began', details: 'canary' },
  ],
};
const after: RolloutView = {
  ...before,
  state: 'rolled-back',
  reason: 'the gate "errors" is 0.07',
  updatedTime: time + 60_000,
  rings: [
    { name: 'canary', devices: 20, state: 'rolled-back', ready, gates: [{ ...errors, value: 0.07, passed: false }] },
    { name: 'rest', devices: 80, state: 'untouched', ready, gates: [] },
  ],
  acts: [...before.acts, { time: time + 60_000, act: 'rollback done', details: '' }],
};

function counts(has: number, pending: number, failed: number, offline: number) {
  return { ready: has, pending, failed, offline };
}

/** What is written by a watcher that is shown both views. */
function shown(isTTY: boolean, format: 'table' | 'json' = 'table'): string {
  let text = '';
  const stdout = { write: (part: string) => void (text += part), isTTY, columns: 90 };
  const invocation = new Invocation({
    argv: [],
    environment: {},
    currentDirectory: '/',
    stdin: Readable.from([]),
    stdout,
    stderr: stdout,
    signal: new AbortController().signal,
    program: [],
  });
  invocation.terminal.format = format;
  const show = rolloutWatcher(invocation);
  for (const view of [before, before, after]) show(view);
  return text;
}

describe('rolloutWatcher', () => {
  it('writes a line for each change where nobody looks at a terminal', () => {
    expect(shown(false).trimEnd().split('\n')).toEqual([
      '2026-03-02T22:00:00.000Z  started: canary: 20, rest: 80',
      '2026-03-02T22:00:00.000Z  ring began: canary',
      '2026-03-02T22:00:00.000Z  ring canary is watching: 12 of 20 have the change, 5 not yet, 1 failed, 2 offline, errors 0.02',
      '2026-03-02T22:01:00.000Z  rollback done',
      '2026-03-02T22:01:00.000Z  ring canary is rolled-back: errors 0.07 FAILED',
      '2026-03-02T22:01:00.000Z  ring rest is untouched',
    ]);
  });

  it('draws over what it drew on a terminal, and never wider than that', () => {
    const frames = shown(true).split('\u001B[J');
    expect(frames).toHaveLength(4);
    const lines = (frames[0] ?? '').split('\u001B[K\n');
    expect(lines.join('\n')).toContain(
      'canary  watching  ############........ 12 of 20    5 not yet, 1 failed, 2 offline',
    );
    expect(lines.join('\n')).toContain('canary  errors   0.02  at most 0.05  ▁█');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(90);
    // as many lines up as were drawn
    expect(frames[1]).toContain(`\u001B[${lines.length - 1}A`);
    expect(frames[2]).toContain('diabetes-2: rolled-back (the gate "errors" is 0.07), as of 22:01:00Z');
  });

  it('writes a document on each line for programs', () => {
    const states = shown(false, 'json')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as RolloutView).state);
    expect(states).toEqual(['running', 'running', 'rolled-back']);
  });
});
