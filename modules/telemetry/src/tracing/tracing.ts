import type { Metrics } from '../create-metrics.ts';
import type { ConnectionString } from '../azure-monitor/connection-string.ts';

/** The place in a trace that is handed from one program to the next: W3C Trace Context. */
export interface TraceCarrier {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** `server` and `consumer` are requests, `client` is a call to someone else, `producer` a message that is sent. */
export type SpanKindName = 'server' | 'consumer' | 'producer' | 'client' | 'internal';

export interface SpanOptions {
  readonly kind: SpanKindName;
  /** What the sender said; without it a trace begins. */
  readonly parent?: TraceCarrier;
  /** Milliseconds since 1970; default now. */
  readonly startedAt?: number;
  readonly attributes?: SpanAttributes;
}

/** Something that was said at one moment. */
export interface LogEntry {
  readonly body: string;
  /** Default `info`. */
  readonly severity?: 'info' | 'warn' | 'error';
  /** Text is cut at {@link VALUE_LIMIT} characters; what is no text is kept as it is, where the receiver can take it. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A request that was scored, for the log of the model's data. */
export interface ScoredFacts {
  readonly requestId: string;
  readonly clientRequestId?: string | undefined;
  readonly models: readonly { readonly name: string; readonly version: string | number }[];
  /** JSON, at most {@link VALUE_LIMIT} characters. */
  readonly input: string;
  /** JSON, at most {@link VALUE_LIMIT} characters. */
  readonly prediction: string;
}

/** Characters that one value of an entry or a span may have: Application Insights takes no more. */
export const VALUE_LIMIT = 8_192;

/** Work that has begun. */
export interface TraceSpan {
  /** What is to be handed on with whatever this work sends. */
  readonly carrier: TraceCarrier;
  /** Work that is part of this, and has begun now. */
  child(name: string, kind: SpanKindName, attributes?: SpanAttributes): TraceSpan;
  /** Work that was part of this, and is over; times in milliseconds since 1970. */
  stage(name: string, startedAt: number, endedAt: number): void;
  set(attributes: SpanAttributes): void;
  /** Something that was said in the course of this work. */
  log(entry: LogEntry): void;
  /** Whether somebody wants what {@link TraceSpan.scored} takes; when not, it need not be written as JSON. */
  readonly wantsData: boolean;
  /** This work was a request, and was scored: an entry `model_data_collection` with Azure ML's dimensions, and the answer on the span. */
  scored(facts: ScoredFacts): void;
  /** @param error why it failed, when it did; it is recorded as an exception */
  end(error?: unknown): void;
}

/**
 * What leaves this program for those who watch it: spans, entries of the log, and the figures of its metrics. All are kept in memory, a bounded
 * number of them, and leave in batches beside the work: what cannot be sent is dropped and told of. Nothing here throws.
 */
export interface Tracing extends AsyncDisposable {
  begin(name: string, options: SpanOptions): TraceSpan;
  /** Something that was said outside of any work. */
  log(entry: LogEntry): void;
}

export type Signal = 'spans' | 'logs' | 'metrics';

/** How spans, logs and metrics are to leave; at least one of `otlp` and `azureMonitor` is given. */
export interface TracingOptions {
  /** What leaves over OTLP; where to, the standard variables of OpenTelemetry say. */
  readonly otlp?: readonly Signal[];
  /** The Application Insights resource that is told as well. */
  readonly azureMonitor?: ConnectionString;
  /** The metrics that leave; without them none do. */
  readonly metrics?: Metrics;
  /** Milliseconds between two times at which metrics leave. Default 60 000. */
  readonly metricsIntervalMs?: number;
  readonly serviceName: string;
  readonly serviceVersion: string;
  readonly attributes?: SpanAttributes;
  /** Stand on every request and every entry, as Azure ML names them: `Container Id`, `Workspace Name`, `Service Name`. */
  readonly dimensions?: Readonly<Record<string, string>>;
  /** Whether inputs and predictions are told; default false. */
  readonly data?: { readonly log: boolean; readonly response: boolean };
  /** Share of the traces that begin here; those of others are followed as they say. */
  readonly sampleRatio: number;
  /** Told when some could not be sent and are lost. */
  readonly onLost: (signal: Signal, count: number, error: Error) => void;
  /** Milliseconds until a batch leaves at the latest. Default 2 000. */
  readonly delayMs?: number;
}
