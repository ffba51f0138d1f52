import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What is compared of an envelope of Microsoft's exporter; its names are those before it is serialised. */
export interface TheirEnvelope {
  readonly name: string;
  readonly time: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly data: { readonly baseType: string; readonly baseData: Readonly<Record<string, unknown>> };
}

/** What OpenTelemetry tells an exporter of a span, as far as Microsoft's looks at it. */
interface ExportedSpan {
  readonly spanContext: () => object;
  readonly resource: { readonly attributes: object };
}

const program = fileURLToPath(new URL('their-envelopes.cjs', import.meta.url));

/** What Microsoft's own exporter to Application Insights makes of spans: an envelope for each, and one for each of its exceptions. */
export function theirEnvelopes(spans: readonly ExportedSpan[], key: string): TheirEnvelope[][] {
  const plain = spans.map((span) => {
    const { name, kind, parentSpanContext, startTime, status, attributes, links, events, duration } =
      span as unknown as Readonly<Record<string, unknown>>;
    const fields = { name, kind, parentSpanContext, startTime, status, attributes, links, events, duration };
    return { ...fields, resource: { attributes: span.resource.attributes }, context: span.spanContext() };
  });
  const input = JSON.stringify({ key, spans: plain });
  return JSON.parse(execFileSync(process.execPath, [program], { input, encoding: 'utf8' })) as TheirEnvelope[][];
}
