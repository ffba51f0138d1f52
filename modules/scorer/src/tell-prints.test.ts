import type { LogEntry, Tracing } from '@edgewright/telemetry';
import { expect, it } from 'vitest';
import { tellPrints } from './tell-prints.ts';

const print = { event: 'engine.worker.print', worker: 1, stream: 'stdout' };

it('tells lines of scripts as Azure ML does, and logs them as ever', () => {
  const entries: LogEntry[] = [];
  const lines: string[] = [];
  const log = (_facts: unknown, text: string): void => void lines.push(text);
  const tracing = { log: (entry: LogEntry) => void entries.push(entry) } as Tracing;
  const logger = tellPrints({ debug: log, info: log, warn: log, error: log }, tracing);
  logger.info(print, 'saw a face');
  logger.info(print, '{"faces": 3, "where": [1, 2]}');
  logger.info({ ...print, stream: 'stderr' }, '{ no JSON');
  logger.info({ event: 'engine.ready' }, 'ready');
  logger.warn(print, 'slow');
  expect(lines).toEqual(['saw a face', '{"faces": 3, "where": [1, 2]}', '{ no JSON', 'ready', 'slow']);
  expect(entries).toEqual([
    { body: 'STDOUT', attributes: { Content: 'saw a face', worker: 1 } },
    { body: 'STDOUT', attributes: { Content: { faces: 3, where: [1, 2] }, worker: 1 } },
    { body: 'STDERR', attributes: { Content: '{ no JSON', worker: 1 } },
  ]);
});
