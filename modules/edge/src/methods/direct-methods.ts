import { randomUUID } from 'node:crypto';
import { documentIssues, isEdgewrightError, messageOf } from '@edgewright/contract';
import type { Engine } from '@edgewright/engine';
import type { Logger } from '@edgewright/telemetry';
import type { Static, TSchema } from 'typebox';
import { EdgeError } from '../edge-error.ts';
import type { RawMethodCall } from '../hub/hub-client.ts';
import { scoringModelOf } from '../messages/compose-outputs.ts';
import type { ModelUpdater } from '../model-update/model-updater.ts';
import { methodSchemas } from './method-schemas.ts';
import type { DeviceTuning } from '../tuning/device-tuning.ts';
import type { UpdatePause } from './update-pause.ts';

/** IoT Hub's limit on payloads of direct methods, in either direction. */
const MAX_PAYLOAD_BYTES = 131_072;
/** Calls that may run at the same time; one more is refused. */
const MAX_CALLS = 32;

/** The answer to a call. */
interface MethodAnswer {
  readonly status: number;
  readonly payload: unknown;
}

interface Method {
  readonly payload: TSchema;
  run(payload: unknown): Promise<MethodAnswer> | MethodAnswer;
}

export interface DirectMethodsOptions {
  readonly engine: Engine;
  readonly logger: Logger;
  readonly updater: ModelUpdater;
  readonly pause: UpdatePause;
  readonly tuning: DeviceTuning;
  /** Milliseconds that the method `score` may take. */
  readonly scoreTimeoutMs: () => number;
  readonly status: () => unknown;
}

/** The direct methods of the module; docs/edge-module.md has their payloads. */
export class DirectMethods {
  readonly #options: DirectMethodsOptions;
  readonly #methods: ReadonlyMap<string, Method>;
  #running = 0;

  constructor(options: DirectMethodsOptions) {
    this.#options = options;
    const { logger, updater, pause, tuning } = options;
    this.#methods = new Map<string, Method>([
      ['ping', method(methodSchemas.ping, () => ok({ time: new Date().toISOString() }))],
      ['status', method(methodSchemas.status, () => ok(options.status()))],
      ['score', method(methodSchemas.score, (payload) => this.#score(payload))],
      ['reload', method(methodSchemas.reload, (payload) => this.#reload(payload?.what))],
      [
        'rollback',
        method(methodSchemas.rollback, async (payload) => {
          await updater.rollback(payload?.reason ?? 'asked for by the method rollback');
          return ok({ model: scoringModelOf(options.engine.describe()) });
        }),
      ],
      [
        'setLogLevel',
        method(methodSchemas.setLogLevel, ({ level }) => {
          const before = logger.level;
          logger.level = level;
          return ok({ level, before });
        }),
      ],
      [
        'prepareUpdate',
        method(methodSchemas.prepareUpdate, async (payload) => {
          await tuning.cancel('an update is being prepared');
          return ok(await pause.prepare(payload ?? {}));
        }),
      ],
      [
        'tune',
        method(methodSchemas.tune, (payload) => ({ status: 202, payload: { tuning: tuning.start(payload ?? {}) } })),
      ],
      ['tuneResult', method(methodSchemas.tuneResult, () => ok(tuning.result))],
    ]);
  }

  /** Answers a call, whatever it is. Never rejects. */
  async call(call: RawMethodCall, respond: (status: number, payload: string) => void): Promise<void> {
    const started = performance.now();
    const { status, payload } = await this.#answer(call);
    const text = JSON.stringify(payload) ?? 'null';
    const size = Buffer.byteLength(text);
    if (size > MAX_PAYLOAD_BYTES) respond(413, tooLarge(call.methodName, size));
    else respond(status, text);
    const durationMs = Math.round(performance.now() - started);
    this.#options.logger.info(
      { method: call.methodName, requestId: call.requestId, status, durationMs },
      'direct method',
    );
  }

  async #answer(call: RawMethodCall): Promise<MethodAnswer> {
    const method = this.#methods.get(call.methodName);
    if (method === undefined) {
      return {
        status: 404,
        payload: { code: 'MethodUnknown', message: unknownMethod(call.methodName, this.#methods) },
      };
    }
    if (this.#running >= MAX_CALLS) {
      return {
        status: 429,
        payload: { code: 'QueueFull', message: `${MAX_CALLS} calls are under way; call again later` },
      };
    }
    this.#running += 1;
    try {
      return await method.run(checkPayload(call, method.payload));
    } catch (error) {
      const isKnown = isEdgewrightError(error);
      return {
        status: isKnown ? error.httpStatus : 500,
        payload: isKnown ? error.toJSON() : { code: 'ScoringFailed', message: messageOf(error) },
      };
    } finally {
      this.#running -= 1;
    }
  }

  async #reload(what: 'current' | 'desired' = 'current'): Promise<MethodAnswer> {
    const { updater, engine } = this.#options;
    if (what === 'desired') {
      await updater.retry();
      return { status: 202, payload: { update: updater.status } };
    }
    await updater.reload();
    return ok({ model: scoringModelOf(engine.describe()) });
  }

  async #score(payload: unknown): Promise<MethodAnswer> {
    const { engine, scoreTimeoutMs } = this.#options;
    const { value } = await engine.score({ data: payload, requestId: randomUUID(), timeoutMs: scoreTimeoutMs() });
    return ok(value);
  }
}

function method<Schema extends TSchema>(
  payload: Schema,
  run: (payload: Static<Schema>) => Promise<MethodAnswer> | MethodAnswer,
): Method {
  return { payload, run: (value) => run(value as Static<Schema>) };
}

function checkPayload(call: RawMethodCall, schema: TSchema): unknown {
  const payload = readPayload(call);
  const issues = documentIssues(schema, payload);
  if (issues.length === 0) return payload;
  const list = issues.map(({ path, expected, found }) => `${path}: expected ${expected}, found ${found}`).join('; ');
  throw new EdgeError('MethodInvalid', `cannot call ${call.methodName}: ${list}`, { details: { issues } });
}

function ok(payload: unknown): MethodAnswer {
  return { status: 200, payload };
}

function readPayload({ methodName, payload }: RawMethodCall): unknown {
  if (payload.length === 0) return null;
  try {
    return JSON.parse(payload.toString()) as unknown;
  } catch (cause) {
    throw new EdgeError('MethodInvalid', `cannot call ${methodName}: its payload is not JSON: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function unknownMethod(name: string, methods: ReadonlyMap<string, Method>): string {
  return `there is no method "${name}"; there are ${[...methods.keys()].join(', ')}`;
}

function tooLarge(name: string, sizeBytes: number): string {
  const message = `the answer of ${name} has ${sizeBytes} bytes, and a direct method may give ${MAX_PAYLOAD_BYTES}`;
  return JSON.stringify({ code: 'OutputTooLarge', message });
}
