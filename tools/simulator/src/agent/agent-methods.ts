import { gzipSync } from 'node:zlib';
import { checkDocument, isEdgewrightError, messageOf } from '@edgewright/contract';
import Type from 'typebox';
import type { MethodResult } from '../hub/direct-method.ts';
import { SimulatorError } from '../simulator-error.ts';
import type { LogLine } from './module-log.ts';

const RestartModuleSchema = Type.Object({ schemaVersion: Type.Literal('1.0'), id: Type.String({ minLength: 1 }) });

const GetModuleLogsSchema = Type.Object({
  schemaVersion: Type.Literal('1.0'),
  items: Type.Array(
    Type.Object({
      /** A regular expression for the names of modules. */
      id: Type.String({ minLength: 1, maxLength: 200 }),
      filter: Type.Optional(
        Type.Object({
          tail: Type.Optional(Type.Integer({ minimum: 0 })),
          since: Type.Optional(Type.Union([Type.String(), Type.Integer()])),
          until: Type.Optional(Type.Union([Type.String(), Type.Integer()])),
          loglevel: Type.Optional(Type.Integer({ minimum: 0, maximum: 7 })),
          regex: Type.Optional(Type.String({ maxLength: 500 })),
        }),
      ),
    }),
  ),
  encoding: Type.Optional(Type.Enum(['none', 'gzip'])),
  contentType: Type.Optional(Type.Enum(['text', 'json'])),
});

/** What a reply holds at most: a direct method's answer has 128 KB. */
const MAX_PAYLOAD_BYTES = 120 * 1024;
const DEFAULT_LOG_LEVEL = 6;

interface LogFilter {
  readonly tail?: number;
  readonly since?: string | number;
  readonly until?: string | number;
  readonly loglevel?: number;
  readonly regex?: string;
}

/** What the agent's direct methods work on. */
export interface AgentMethodTargets {
  readonly hubHostName: string;
  readonly deviceId: string;
  readonly now: () => number;
  moduleNames(): readonly string[];
  /** Starts a module anew. */
  restart(moduleId: string): Promise<void>;
  log(moduleId: string): Promise<readonly LogLine[]>;
}

/** Answers a direct method of `$edgeAgent`. Never throws. */
export async function answerAgentMethod(
  name: string,
  payload: unknown,
  targets: AgentMethodTargets,
): Promise<MethodResult> {
  try {
    switch (name.toLowerCase()) {
      case 'ping':
        return { status: 200, payload: null };
      case 'restartmodule':
        return await restartModule(payload, targets);
      case 'getmodulelogs':
        return await getModuleLogs(payload, targets);
      default:
        return { status: 400, payload: { message: `The edge agent has no method "${name}"` } };
    }
  } catch (error) {
    const status = isEdgewrightError(error) ? error.httpStatus : 500;
    return { status, payload: { message: messageOf(error) } };
  }
}

async function restartModule(payload: unknown, targets: AgentMethodTargets): Promise<MethodResult> {
  const { id } = checkDocument(RestartModuleSchema, payload, 'the request RestartModule');
  if (!targets.moduleNames().includes(id)) throw noModule(id, targets);
  await targets.restart(id);
  return { status: 200, payload: null };
}

async function getModuleLogs(payload: unknown, targets: AgentMethodTargets): Promise<MethodResult> {
  const request = checkDocument(GetModuleLogsSchema, payload, 'the request GetModuleLogs');
  const results: { id: string; payload?: string; payloadBytes?: string }[] = [];
  for (const { id, filter = {} } of request.items) {
    const pattern = patternOf(id);
    const names = targets.moduleNames().filter((name) => pattern.test(name));
    if (names.length === 0) throw noModule(id, targets);
    for (const name of names) {
      const lines = filterLines(await targets.log(name), filter, targets.now());
      const text = request.contentType === 'json' ? jsonText(lines, name, targets) : plainText(lines);
      results.push({
        id: name,
        ...(request.encoding === 'gzip' ? { payloadBytes: gzipSync(text).toString('base64') } : { payload: text }),
      });
    }
  }
  return { status: 200, payload: results };
}

function filterLines(lines: readonly LogLine[], filter: LogFilter, now: number): LogLine[] {
  const since = timeOf(filter.since, now) ?? -Infinity;
  const until = timeOf(filter.until, now) ?? Infinity;
  const pattern = filter.regex === undefined ? undefined : patternOf(filter.regex);
  const kept = lines.filter((line) => {
    const time = Date.parse(line.time);
    if (time < since || time > until) return false;
    if (filter.loglevel !== undefined && levelOf(line.text) !== filter.loglevel) return false;
    return pattern === undefined || pattern.test(line.text);
  });
  return filter.tail === undefined ? kept : kept.slice(Math.max(0, kept.length - filter.tail));
}

/** Seconds since 1970, an ISO time, or a time back from now such as `15m`, `2h`, `1d`; in milliseconds since 1970. */
function timeOf(time: string | number | undefined, now: number): number | undefined {
  if (time === undefined) return undefined;
  if (typeof time === 'number' || /^\d+$/.test(time)) return Number(time) * 1000;
  const back = /^(\d+)\s*(s|m|h|d)/.exec(time);
  const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  if (back !== null) return now - Number(back[1]) * units[back[2] as keyof typeof units];
  const parsed = Date.parse(time);
  if (Number.isNaN(parsed)) {
    throw new SimulatorError(
      'SimulatorRequestInvalid',
      `cannot read the time "${time}": give 15m, 2h, 1d, an ISO 8601 time or seconds since 1970`,
      { details: { time } },
    );
  }
  return parsed;
}

/** The syslog level that a line begins with, as `<4>`. */
function levelOf(text: string): number {
  return Number(/^<([0-7])>/.exec(text)?.[1] ?? DEFAULT_LOG_LEVEL);
}

function plainText(lines: readonly LogLine[]): string {
  return lastBytes(lines.map((line) => `${line.text}\n`)).join('');
}

function jsonText(lines: readonly LogLine[], id: string, { hubHostName, deviceId }: AgentMethodTargets): string {
  const entries = lines.map((line) =>
    JSON.stringify({
      iothub: hubHostName,
      device: deviceId,
      id,
      stream: line.stream,
      loglevel: levelOf(line.text),
      text: line.text.replace(/^<[0-7]>\s*/, ''),
      timestamp: line.time,
    }),
  );
  return `[${lastBytes(entries).join(',')}]`;
}

/** As many of the last pieces as a reply can hold. */
function lastBytes(pieces: readonly string[]): string[] {
  let bytes = 0;
  let first = pieces.length;
  while (first > 0) {
    bytes += Buffer.byteLength(pieces[first - 1] ?? '') + 1;
    if (bytes > MAX_PAYLOAD_BYTES) break;
    first -= 1;
  }
  return pieces.slice(first);
}

function patternOf(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new SimulatorError('SimulatorRequestInvalid', `"${text}" is not a regular expression: ${messageOf(cause)}`, {
      details: { text },
      cause,
    });
  }
}

function noModule(id: string, targets: AgentMethodTargets): SimulatorError {
  const { deviceId } = targets;
  return new SimulatorError(
    'SimulatedDeviceNotFound',
    `the deployment of "${deviceId}" has no module "${id}"; it has ${targets.moduleNames().join(', ') || 'none'}`,
    { details: { deviceId, moduleId: id } },
  );
}
