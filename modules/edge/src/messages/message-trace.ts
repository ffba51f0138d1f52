import type { ScoreResult } from '@edgewright/engine';
import { boundedJson, VALUE_LIMIT } from '@edgewright/telemetry';
import type { TraceCarrier, TraceSpan, Tracing } from '@edgewright/telemetry';
import { scoringModelOf } from './compose-outputs.ts';
import type { InputMessage } from './input-message.ts';
import type { OutputMessage } from './output-message.ts';

/** The properties in which a trace travels with a message: W3C Trace Context under its own names. */
const TRACE_PROPERTIES: ReadonlySet<string> = new Set(['traceparent', 'tracestate']);

/** The spans of one message: receive → queue → decode → run → encode → send. */
export class MessageTrace {
  readonly #span: TraceSpan;

  /** @returns undefined where nobody wants spans */
  static begin(tracing: Tracing | undefined, message: InputMessage): MessageTrace | undefined {
    if (tracing === undefined) return undefined;
    const now = epochMs(performance.now());
    const receivedAt = message.receivedAt ?? now;
    const span = tracing.begin(`receive ${message.inputName}`, {
      kind: 'consumer',
      parent: carrierOf(message),
      startedAt: receivedAt,
      attributes: {
        'messaging.system': 'iotedge',
        'messaging.operation.type': 'process',
        'messaging.destination.name': message.inputName,
        'messaging.message.id': message.messageId,
        'messaging.message.conversation_id': message.correlationId ?? message.messageId,
        'messaging.message.body.size': message.body.length,
      },
    });
    span.stage('queue', receivedAt, now);
    return new MessageTrace(span);
  }

  private constructor(span: TraceSpan) {
    this.#span = span;
  }

  /** A stage that is over; times as `performance.now()` gives them. */
  stage(name: 'decode' | 'run' | 'encode', from: number, to: number): void {
    this.#span.stage(name, epochMs(from), epochMs(to));
  }

  /** The work as a whole. */
  get span(): TraceSpan {
    return this.#span;
  }

  /** What was scored, and by which model. */
  scored(requestId: string, data: unknown, { engine, backend, value }: ScoreResult): void {
    const model = scoringModelOf(engine);
    this.#span.set({ 'edgewright.model': `${model.name}:${model.version}`, 'edgewright.backend': backend });
    if (!this.#span.wantsData) return;
    this.#span.scored({
      requestId,
      models: engine.models,
      input: boundedJson(data, VALUE_LIMIT),
      prediction: boundedJson(value, VALUE_LIMIT),
    });
  }

  /** Sending begins. The outputs carry the trace on, in place of where the input was in it. */
  send(outputs: readonly OutputMessage[]): { readonly outputs: readonly OutputMessage[]; readonly span: TraceSpan } {
    const span = this.#span.child('send', 'producer');
    const carrier = Object.entries(span.carrier) as [string, string][];
    const carry = (output: OutputMessage): OutputMessage => ({
      ...output,
      properties: [...output.properties.filter(([name]) => !TRACE_PROPERTIES.has(name)), ...carrier],
    });
    return { outputs: outputs.map(carry), span };
  }

  /** @param error why the message went to the error output, or was let go */
  end(error?: unknown): void {
    this.#span.end(error);
  }
}

/** @param time as `performance.now()` gives it */
export function epochMs(time: number): number {
  return performance.timeOrigin + time;
}

/** Where a message stands in its sender's trace. */
export function carrierOf({ properties }: Pick<InputMessage, 'properties'>): TraceCarrier {
  return Object.fromEntries(properties.filter(([name]) => TRACE_PROPERTIES.has(name)));
}
