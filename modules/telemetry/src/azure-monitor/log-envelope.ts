import { SeverityNumber } from '@opentelemetry/api';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { cutText } from '../cut-text.ts';
import { envelopeOf, limits, propertiesOf, textOf } from './envelope.ts';
import type { Envelope } from './envelope.ts';

/** A log record as Application Insights' table `traces` has it. */
export function logEnvelope(record: ReadableLogRecord, instrumentationKey: string): Envelope {
  const { spanContext, severityNumber = SeverityNumber.INFO, attributes } = record;
  return envelopeOf(
    'Message',
    { instrumentationKey, resource: record.resource },
    {
      time: record.hrTime,
      tags:
        spanContext === undefined
          ? {}
          : { 'ai.operation.id': spanContext.traceId, 'ai.operation.parentId': spanContext.spanId },
      baseData: {
        message: cutText(textOf(record.body), limits.message),
        severityLevel: levelOf(severityNumber),
        properties: propertiesOf(attributes),
      },
    },
  );
}

function levelOf(severity: SeverityNumber): string {
  if (severity >= SeverityNumber.ERROR) return 'Error';
  return severity >= SeverityNumber.WARN ? 'Warning' : 'Information';
}
