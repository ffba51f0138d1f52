/** The place in a trace that is handed from one program to the next: W3C Trace Context. */
export interface TraceCarrier {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SpanOptions {
  readonly kind: 'server' | 'consumer' | 'producer' | 'internal';
  /** What the sender said; without it a trace begins. */
  readonly parent?: TraceCarrier;
  /** Milliseconds since 1970; default now. */
  readonly startedAt?: number;
  readonly attributes?: SpanAttributes;
}

/** Work that has begun. */
export interface TraceSpan {
  /** What is to be handed on with whatever this work sends. */
  readonly carrier: TraceCarrier;
  /** Work that is part of this, and has begun now. */
  child(name: string, kind: SpanOptions['kind']): TraceSpan;
  /** Work that was part of this, and is over; times in milliseconds since 1970. */
  stage(name: string, startedAt: number, endedAt: number): void;
  set(attributes: SpanAttributes): void;
  /** @param error why it failed, when it did */
  end(error?: unknown): void;
}

/**
 * Spans of this program. They are kept in memory, a bounded number of them, and leave in batches beside the work: what cannot be sent
 * is dropped. Nothing here throws.
 */
export interface Tracing extends AsyncDisposable {
  begin(name: string, options: SpanOptions): TraceSpan;
}

/** How spans are to leave. */
export interface TracingOptions {
  /** Where it is not set, the standard variables of OpenTelemetry's exporters say. */
  readonly url?: string;
  readonly serviceName: string;
  readonly serviceVersion: string;
  readonly attributes?: SpanAttributes;
  /** Share of the traces that begin here; those of others are followed as they say. */
  readonly sampleRatio: number;
  /** Told when spans could not be sent and are lost. */
  onLost(error: Error): void;
  /** Milliseconds until a batch leaves at the latest. */
  readonly delayMs?: number;
}
