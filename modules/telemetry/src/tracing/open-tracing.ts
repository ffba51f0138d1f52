import type { Tracing, TracingOptions } from './tracing.ts';

/** Loads OpenTelemetry, which takes its time, and opens spans over OTLP. A program without an endpoint never calls it. */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const { OtlpTracing } = await import('./otlp-tracing.ts');
  return new OtlpTracing(options);
}
