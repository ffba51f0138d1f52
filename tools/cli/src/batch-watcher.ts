import type { Batch } from '@edgewright/workspace';
import { progressText } from './batch-text.ts';
import type { Invocation } from './invocation.ts';

/** Where no bar can be drawn, a line for so many per cent, or after so long. */
const LINE_PERCENT = 10;
const LINE_MS = 30_000;

/** How to show a batch job as it goes on: a bar on a terminal, a line now and then elsewhere. */
export function batchWatcher({ terminal, context }: Invocation): (batch: Batch) => void {
  if (context.stderr.isTTY === true) {
    return (batch) => {
      const completed = batch.succeededItems + batch.failedItems;
      const text = progressText(batch);
      terminal.events({ stage: 'batch.run', state: 'progress', text, completed, total: batch.items ?? 0 });
    };
  }
  let told = { state: '', step: -1, time: 0 };
  return (batch) => {
    const { state, items } = batch;
    const done = batch.succeededItems + batch.failedItems;
    const step = items === null || items === 0 ? 0 : Math.floor((100 * done) / items / LINE_PERCENT);
    const now = Date.now();
    if (state === told.state && step === told.step && now - told.time < LINE_MS) return;
    told = { state, step, time: now };
    terminal.say(progressText(batch));
  };
}
