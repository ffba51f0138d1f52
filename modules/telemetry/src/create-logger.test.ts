import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { createLogger } from './create-logger.ts';
import { TelemetryError } from './telemetry-error.ts';

function capture(): { destination: Writable; lines: () => Record<string, unknown>[] } {
  const chunks: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  return { destination, lines: () => chunks.map((chunk) => JSON.parse(chunk) as Record<string, unknown>) };
}

it('writes one JSON object a line, with level as a word and time in ISO 8601', () => {
  const { destination, lines } = capture();
  const logger = createLogger({ level: 'info', name: 'scorer', base: { device: 'd1' }, destination });
  logger.debug('not this');
  logger.info({ event: 'x', count: 2 }, 'this');
  expect(lines()).toHaveLength(1);
  expect(lines()[0]).toMatchObject({ level: 'info', name: 'scorer', device: 'd1', event: 'x', count: 2, msg: 'this' });
  expect(lines()[0]?.['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

it('writes an error with code, stack and causes under err', () => {
  const { destination, lines } = capture();
  const logger = createLogger({ level: 'info', name: 'scorer', destination });
  const cause = new TypeError('the cause');
  logger.error({ err: new TelemetryError('TelemetryInvalid', 'the text', { cause }) }, 'failed');
  const written = lines()[0]?.['err'] as Record<string, string>;
  expect(written).toMatchObject({ code: 'TelemetryInvalid' });
  expect(written['stack']).toContain('the cause');
});

it('takes levels in any case, and refuses others with those that there are', () => {
  expect(createLogger({ level: 'WARN', name: 'x' }).level).toBe('warn');
  expect(() => createLogger({ level: 'loud', name: 'x' })).toThrow(
    'cannot set the log level to "loud": expected one of trace, debug, info, warn, error, fatal, silent',
  );
});
