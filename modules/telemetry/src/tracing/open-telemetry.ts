import { setTimeout as sleep } from 'node:timers/promises';
import { isEdgewrightError, messageOf } from '@edgewright/contract';
import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  SeverityNumber,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { Attributes, Context, Logger, Span, Tracer } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { cutText } from '../cut-text.ts';
import { openProviders } from './providers.ts';
import type { Providers } from './providers.ts';
import { VALUE_LIMIT } from './tracing.ts';
import type {
  LogEntry,
  ScoredFacts,
  SpanAttributes,
  SpanKindName,
  SpanOptions,
  TraceCarrier,
  TraceSpan,
  Tracing,
  TracingOptions,
} from './tracing.ts';

/** How long closing waits for what is last. */
const LAST_EXPORT_MS = 1_500;
/** Characters of the message and of the stack of an exception. */
const EXCEPTION_LIMIT = 4_096;

const kinds: Readonly<Record<SpanKindName, SpanKind>> = {
  server: SpanKind.SERVER,
  consumer: SpanKind.CONSUMER,
  producer: SpanKind.PRODUCER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
};
const severities = { info: SeverityNumber.INFO, warn: SeverityNumber.WARN, error: SeverityNumber.ERROR } as const;
const propagator = new W3CTraceContextPropagator();

/** What spans and entries are written with. */
interface Writers {
  readonly tracer: Tracer;
  readonly logger: Logger;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly data: { readonly log: boolean; readonly response: boolean };
}

/** Spans, logs and metrics by OpenTelemetry's SDK. */
export class OpenTelemetry implements Tracing {
  readonly #providers: Providers;
  readonly #writers: Writers;

  constructor(options: TracingOptions) {
    this.#providers = openProviders(options);
    const { spans, logs } = this.#providers;
    this.#writers = {
      tracer: spans.getTracer('edgewright', options.serviceVersion),
      logger: logs.getLogger('edgewright', options.serviceVersion),
      dimensions: options.dimensions ?? {},
      data: options.data ?? { log: false, response: false },
    };
  }

  begin(name: string, { kind, parent, startedAt, attributes = {} }: SpanOptions): TraceSpan {
    const context =
      parent === undefined ? ROOT_CONTEXT : propagator.extract(ROOT_CONTEXT, parent, defaultTextMapGetter);
    return OpenSpan.start(this.#writers, context, { name, kind, attributes, startedAt });
  }

  log(entry: LogEntry): void {
    emit(this.#writers, entry, ROOT_CONTEXT);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { spans, logs, metrics } = this.#providers;
    const closing = [spans, logs, ...(metrics === undefined ? [] : [metrics])].map((provider) => provider.shutdown());
    await Promise.race([Promise.allSettled(closing), sleep(LAST_EXPORT_MS, undefined, { ref: false })]);
  }
}

interface Beginning {
  readonly name: string;
  readonly kind: SpanKindName;
  readonly attributes?: SpanAttributes;
  readonly startedAt?: number | undefined;
}

class OpenSpan implements TraceSpan {
  readonly #writers: Writers;
  readonly #span: Span;
  readonly #context: Context;

  static start(writers: Writers, parent: Context, { name, kind, attributes = {}, startedAt }: Beginning): OpenSpan {
    const begun = startedAt === undefined ? {} : { startTime: startedAt };
    const span = writers.tracer.startSpan(
      name,
      { kind: kinds[kind], attributes: cutAll(attributes), ...begun },
      parent,
    );
    return new OpenSpan(writers, span, parent);
  }

  private constructor(writers: Writers, span: Span, parent: Context) {
    this.#writers = writers;
    this.#span = span;
    this.#context = trace.setSpan(parent, span);
  }

  get carrier(): TraceCarrier {
    const carrier: Record<string, string> = {};
    propagator.inject(this.#context, carrier, defaultTextMapSetter);
    return carrier;
  }

  child(name: string, kind: SpanKindName, attributes: SpanAttributes = {}): TraceSpan {
    return OpenSpan.start(this.#writers, this.#context, { name, kind, attributes });
  }

  stage(name: string, startedAt: number, endedAt: number): void {
    const { tracer } = this.#writers;
    tracer.startSpan(name, { kind: SpanKind.INTERNAL, startTime: startedAt }, this.#context).end(endedAt);
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(cutAll(attributes));
  }

  log(entry: LogEntry): void {
    emit(this.#writers, entry, this.#context);
  }

  get wantsData(): boolean {
    return this.#writers.data.log || this.#writers.data.response;
  }

  scored({ requestId, clientRequestId, models, input, prediction }: ScoredFacts): void {
    const { data, dimensions } = this.#writers;
    const ids = { 'Request Id': requestId, 'Client Request Id': clientRequestId };
    this.set({ ...dimensions, ...ids, ...(data.response ? { 'Response Value': prediction } : {}) });
    if (!data.log) return;
    const names = models.map(({ name, version }) => `${name}:${version}`).join(', ');
    const attributes = { ...ids, Models: names, Input: input, Prediction: prediction };
    this.log({ body: 'model_data_collection', attributes });
  }

  end(error?: unknown): void {
    if (error !== undefined) {
      const message = cutText(messageOf(error), EXCEPTION_LIMIT);
      const type = isEdgewrightError(error) ? error.code : error instanceof Error ? error.name : 'Error';
      const stack = error instanceof Error && error.stack !== undefined ? cutText(error.stack, EXCEPTION_LIMIT) : '';
      this.#span.setAttribute('error.type', type);
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: message.slice(0, 500) });
      this.#span.addEvent('exception', {
        'exception.type': type,
        'exception.message': message,
        'exception.stacktrace': stack,
      });
    }
    this.#span.end();
  }
}

function emit(
  { logger, dimensions }: Writers,
  { body, severity = 'info', attributes }: LogEntry,
  context: Context,
): void {
  logger.emit({
    body: cutText(body, VALUE_LIMIT),
    severityNumber: severities[severity],
    severityText: severity.toUpperCase(),
    attributes: cutAll({ ...dimensions, ...attributes }),
    context,
  });
}

function cutAll(attributes: Readonly<Record<string, unknown>>): Attributes {
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, typeof value === 'string' ? cutText(value, VALUE_LIMIT) : value]),
  );
}
