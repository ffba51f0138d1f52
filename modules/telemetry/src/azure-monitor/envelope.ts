import { hrTimeToMilliseconds } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import { cutText } from '../cut-text.ts';
import { VALUE_LIMIT } from '../tracing/tracing.ts';

type HrTime = [number, number];

/** One item of Application Insights' ingestion, in the names of its public schema. */
export interface Envelope {
  readonly name: string;
  readonly time: string;
  readonly iKey: string;
  readonly sampleRate: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly data: { readonly baseType: string; readonly baseData: Readonly<Record<string, unknown>> };
}

/** The limits of Application Insights, in characters. */
export const limits = { id: 512, name: 1_024, url: 2_048, key: 150, data: 8_192, message: 32_768 } as const;

/** Bytes of one item on the wire. */
export const ITEM_BYTES = 65_536;

const prefix = 'Microsoft.ApplicationInsights.';

/** What is the same for all items of one export. */
export interface Sender {
  readonly instrumentationKey: string;
  readonly resource: Resource;
}

/**
 * Puts data into an envelope, which is made to fit: one larger than {@link ITEM_BYTES} has its longest properties cut until it is not.
 *
 * @param kind as in the table's schema: `Request`, `RemoteDependency`, `Exception`, `Message` or `Metric`
 */
export function envelopeOf(
  kind: 'Request' | 'RemoteDependency' | 'Exception' | 'Message' | 'Metric',
  { instrumentationKey, resource }: Sender,
  { time, tags = {}, baseData }: { time: HrTime; tags?: Record<string, string>; baseData: Record<string, unknown> },
): Envelope {
  return fit({
    name: `${prefix}${kind}`,
    time: new Date(hrTimeToMilliseconds(time)).toISOString(),
    iKey: instrumentationKey,
    sampleRate: 100,
    tags: { ...resourceTags(resource), ...tags },
    data: { baseType: `${kind}Data`, baseData: { ver: 2, ...baseData } },
  });
}

/** Attributes as properties: text all of them, cut at the limit. */
export function propertiesOf(
  attributes: Readonly<Record<string, unknown>>,
  without: ReadonlySet<string> = new Set(),
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([name, value]) => value !== undefined && value !== null && !without.has(name))
      .map(([name, value]) => [name.slice(0, limits.key), cutText(textOf(value), VALUE_LIMIT)]),
  );
}

/** @returns `hh:mm:ss.mmm`, with `d.` before it from one day on */
export function timeSpan(duration: HrTime): string {
  const ms = Math.max(0, Math.round(hrTimeToMilliseconds(duration)));
  const part = (unitMs: number, modulus: number, digits: number): string =>
    String(Math.floor(ms / unitMs) % modulus).padStart(digits, '0');
  const days = Math.floor(ms / 86_400_000);
  return `${days === 0 ? '' : `${days}.`}${part(3_600_000, 24, 2)}:${part(60_000, 60, 2)}:${part(1_000, 60, 2)}.${part(1, 1_000, 3)}`;
}

/** A value of an attribute as text. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function resourceTags({ attributes }: Resource): Record<string, string> {
  const tags: Record<string, unknown> = {
    'ai.cloud.role': attributes['service.name'],
    'ai.cloud.roleInstance': attributes['service.instance.id'] ?? attributes['host.name'],
    'ai.application.ver': attributes['service.version'],
    'ai.internal.sdkVersion': 'edgewright:1',
  };
  const known = Object.entries(tags).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known.map(([name, value]) => [name, cutText(textOf(value), 256)]));
}

function fit(envelope: Envelope): Envelope {
  let bytes = Buffer.byteLength(JSON.stringify(envelope));
  if (bytes <= ITEM_BYTES) return envelope;
  const properties = { ...(envelope.data.baseData['properties'] as Record<string, string> | undefined) };
  const fitted = { ...envelope, data: { ...envelope.data, baseData: { ...envelope.data.baseData, properties } } };
  while (bytes > ITEM_BYTES) {
    const [longest] = Object.entries(properties).toSorted(([, a], [, b]) => b.length - a.length);
    if (longest === undefined || longest[1].length <= SHORT) break;
    const [name, value] = longest;
    properties[name] = cutText(value, Math.max(SHORT, Math.floor(value.length / 2)));
    bytes = Buffer.byteLength(JSON.stringify(fitted));
  }
  return fitted;
}

/** Characters of a property that is not worth cutting. */
const SHORT = 100;
