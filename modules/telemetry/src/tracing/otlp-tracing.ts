import { setTimeout as sleep } from 'node:timers/promises';
import { isEdgewrightError, messageOf } from '@edgewright/contract';
import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { Context, Span, Tracer } from '@opentelemetry/api';
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core';
import type { ExportResult } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { SpanAttributes, SpanOptions, TraceCarrier, TraceSpan, Tracing, TracingOptions } from './tracing.ts';

/** Spans that wait for the exporter; beyond that they are dropped. */
const MAX_QUEUE = 2_048;
const MAX_BATCH = 512;
const DELAY_MS = 2_000;
const EXPORT_TIMEOUT_MS = 10_000;
/** How long closing waits for the last spans. */
const LAST_EXPORT_MS = 1_500;

const kinds = {
  server: SpanKind.SERVER,
  consumer: SpanKind.CONSUMER,
  producer: SpanKind.PRODUCER,
  internal: SpanKind.INTERNAL,
} as const;
const propagator = new W3CTraceContextPropagator();

/** Spans that leave over OTLP, HTTP with protocol buffers. */
export class OtlpTracing implements Tracing {
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;

  constructor(options: TracingOptions) {
    const { url, sampleRatio, serviceName, serviceVersion, delayMs = DELAY_MS } = options;
    const timeoutMillis = EXPORT_TIMEOUT_MS;
    const exporter = new WatchedExporter(
      new OTLPTraceExporter({ timeoutMillis, ...(url === undefined ? {} : { url }) }),
      (error) => options.onLost(error),
    );
    this.#provider = new TracerProvider({
      // what the variables of OpenTelemetry say of the resource goes before what the program says of itself
      resource: defaultResource()
        .merge(
          resourceFromAttributes({
            'service.name': serviceName,
            'service.version': serviceVersion,
            ...options.attributes,
          }),
        )
        .merge(detectResources({ detectors: [envDetector] })),
      sampler: new ParentBasedSampler({
        root: sampleRatio >= 1 ? new AlwaysOnSampler() : new TraceIdRatioBasedSampler(sampleRatio),
      }),
      spanProcessors: [
        new BatchSpanProcessor({
          exporter,
          maxQueueSize: MAX_QUEUE,
          maxExportBatchSize: MAX_BATCH,
          scheduledDelayMillis: delayMs,
          exportTimeoutMillis: EXPORT_TIMEOUT_MS,
        }),
      ],
    });
    this.#tracer = this.#provider.getTracer('edgewright', serviceVersion);
  }

  begin(name: string, { kind, parent, startedAt, attributes = {} }: SpanOptions): TraceSpan {
    const context =
      parent === undefined ? ROOT_CONTEXT : propagator.extract(ROOT_CONTEXT, parent, defaultTextMapGetter);
    const begun = startedAt === undefined ? {} : { startTime: startedAt };
    const span = this.#tracer.startSpan(name, { kind: kinds[kind], attributes: { ...attributes }, ...begun }, context);
    return new OtlpSpan(this.#tracer, span, context);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.race([this.#provider.shutdown().catch(() => {}), sleep(LAST_EXPORT_MS, undefined, { ref: false })]);
  }
}

class OtlpSpan implements TraceSpan {
  readonly #tracer: Tracer;
  readonly #span: Span;
  readonly #context: Context;

  constructor(tracer: Tracer, span: Span, parent: Context) {
    this.#tracer = tracer;
    this.#span = span;
    this.#context = trace.setSpan(parent, span);
  }

  get carrier(): TraceCarrier {
    const carrier: Record<string, string> = {};
    propagator.inject(this.#context, carrier, defaultTextMapSetter);
    return carrier;
  }

  child(name: string, kind: SpanOptions['kind']): TraceSpan {
    return new OtlpSpan(
      this.#tracer,
      this.#tracer.startSpan(name, { kind: kinds[kind] }, this.#context),
      this.#context,
    );
  }

  stage(name: string, startedAt: number, endedAt: number): void {
    this.#tracer.startSpan(name, { kind: SpanKind.INTERNAL, startTime: startedAt }, this.#context).end(endedAt);
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes({ ...attributes });
  }

  end(error?: unknown): void {
    if (error !== undefined) {
      this.#span.setAttribute('error.type', isEdgewrightError(error) ? error.code : 'Error');
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error).slice(0, 500) });
    }
    this.#span.end();
  }
}

/** An exporter whose failures are told: by itself it is silent. */
class WatchedExporter implements SpanExporter {
  readonly #inner: SpanExporter;
  readonly #onLost: (error: Error) => void;

  constructor(inner: SpanExporter, onLost: (error: Error) => void) {
    this.#inner = inner;
    this.#onLost = onLost;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#inner.export(spans, (result) => {
      if (result.code === ExportResultCode.FAILED) this.#onLost(result.error ?? new TypeError('no reason was given'));
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }

  async forceFlush(): Promise<void> {
    await this.#inner.forceFlush?.();
  }
}
