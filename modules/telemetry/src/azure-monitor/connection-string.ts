import { TelemetryError } from '../telemetry-error.ts';

/** What a connection string of Application Insights says. */
export interface ConnectionString {
  readonly instrumentationKey: string;
  /** Without a `/` at the end. */
  readonly ingestionEndpoint: string;
}

const PUBLIC_ENDPOINT = 'https://dc.services.visualstudio.com';
const KEY = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/**
 * Reads a connection string: `InstrumentationKey=…;IngestionEndpoint=https://…`, or with `EndpointSuffix` and `Location` in place of the endpoint.
 *
 * @param source where it stands, for messages, which never show the string
 * @throws TelemetryError `TelemetryInvalid`
 */
export function parseConnectionString(text: string, source: string): ConnectionString {
  const parts = new Map(
    text
      .split(';')
      .filter((part) => part.trim() !== '')
      .map((part) => {
        const [name = '', ...value] = part.split('=');
        return [name.trim().toLowerCase(), value.join('=').trim()] as const;
      }),
  );
  const instrumentationKey = parts.get('instrumentationkey') ?? '';
  if (!KEY.test(instrumentationKey)) throw invalid(source, 'InstrumentationKey is missing, or is no GUID');
  const suffix = parts.get('endpointsuffix');
  const location = parts.get('location');
  const bySuffix = suffix === undefined ? PUBLIC_ENDPOINT : `https://${location ? `${location}.` : ''}dc.${suffix}`;
  const endpoint = (parts.get('ingestionendpoint') || bySuffix).replace(/\/+$/, '');
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) {
    throw invalid(source, 'IngestionEndpoint is no address that begins with https:// or http://');
  }
  return { instrumentationKey, ingestionEndpoint: endpoint };
}

function invalid(source: string, reason: string): TelemetryError {
  return new TelemetryError(
    'TelemetryInvalid',
    `cannot send to Application Insights: ${source}: ${reason}; copy the connection string from the resource's page in the portal`,
    { details: { setting: source, reason } },
  );
}
