import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import { TelemetryError } from './telemetry-error.ts';

/** A pino logger: JSON lines, one object a line. */
export type Logger = PinoLogger;

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  /** One of {@link logLevels}; case does not matter. */
  readonly level: string;
  /** The program, as it stands in every line. */
  readonly name: string;
  /** More facts for every line, such as device and module. */
  readonly base?: Readonly<Record<string, string | number>>;
  /** Where lines go; default the program's standard output. */
  readonly destination?: DestinationStream;
}

/**
 * Makes the logger of a program. Lines carry `level` as a word, `time` in ISO 8601, `name`, and what `base` adds; errors
 * stand under `err` with code, message, stack and causes.
 *
 * @throws TelemetryError `TelemetryInvalid` when there is no such level
 */
export function createLogger(options: LoggerOptions): Logger {
  const level = options.level.toLowerCase();
  if (!(logLevels as readonly string[]).includes(level)) {
    throw new TelemetryError(
      'TelemetryInvalid',
      `cannot set the log level to "${options.level}": expected one of ${logLevels.join(', ')}`,
      { details: { setting: 'level', value: options.level, allowed: logLevels } },
    );
  }
  const settings = {
    level,
    name: options.name,
    base: { ...options.base },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
