import type { Tracing, TracingOptions } from './tracing.ts';

/** Loads OpenTelemetry, which takes its time, and opens what leaves for those who watch. A program that nobody watches never calls it. */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const { OpenTelemetry } = await import('./open-telemetry.ts');
  return new OpenTelemetry(options);
}
