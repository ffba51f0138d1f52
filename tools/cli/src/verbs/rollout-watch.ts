import type { RolloutView } from '@edgewright/workspace';
import type { Invocation } from '../invocation.ts';
import { LiveText } from '../live-text.ts';
import { actText, liveRolloutText, ringLine } from './rollout-text.ts';

const DEFAULT_COLUMNS = 100;

/**
 * How to show a rollout as it goes on: drawn in its place on a terminal, a line for each change elsewhere, and with
 * `--output json` a document on a line for each.
 */
export function rolloutWatcher({ terminal, context }: Invocation): (view: RolloutView) => void {
  if (terminal.format === 'json') return (view) => terminal.line(JSON.stringify(view));
  const { stdout } = context;
  if (stdout.isTTY === true) {
    const live = new LiveText(stdout);
    return (view) => live.show(liveRolloutText(view, stdout.columns ?? DEFAULT_COLUMNS));
  }
  return plainWatcher((text) => terminal.line(text));
}

/** Acts that are new, then rings that changed. */
function plainWatcher(say: (text: string) => void): (view: RolloutView) => void {
  let actTime = 0;
  let actCount = 0;
  const told = new Map<string, string>();
  return ({ acts, rings, updatedTime }) => {
    // several acts may have one time, so those of the last time that are known are counted
    const fresh = acts.filter(({ time }) => time >= actTime).slice(actCount);
    for (const { time, act, details } of fresh) say(`${new Date(time).toISOString()}  ${actText(act, details)}`);
    actTime = acts.at(-1)?.time ?? 0;
    actCount = acts.filter(({ time }) => time === actTime).length;
    for (const ring of rings) {
      const line = ringLine(ring);
      const isNews = told.has(ring.name) ? told.get(ring.name) !== line : ring.counts !== undefined;
      told.set(ring.name, line);
      if (isNews) say(`${new Date(updatedTime).toISOString()}  ${line}`);
    }
  };
}
