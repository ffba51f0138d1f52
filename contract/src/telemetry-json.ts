/** A message with its body as bytes. */
interface WithBody {
  readonly body: Buffer;
}

/** A message as JSON. Exactly one of the three bodies is there. */
export type TelemetryJson<Record extends WithBody> = Omit<Record, 'body'> & {
  /** The body where it is JSON. */
  readonly body?: unknown;
  /** The body where it is text. */
  readonly bodyText?: string;
  /** The body where it is neither. */
  readonly bodyBase64?: string;
};

/** A message for people and scripts: its body as JSON where it is JSON, as text where it is text, else in base64. */
export function telemetryJson<Record extends WithBody>(record: Record): TelemetryJson<Record> {
  const { body, ...rest } = record;
  const text = body.toString('utf8');
  if (!Buffer.from(text).equals(body)) return { ...rest, bodyBase64: body.toString('base64') };
  try {
    return { ...rest, body: JSON.parse(text) as unknown };
  } catch {
    return { ...rest, bodyText: text };
  }
}

/** One line of a recording: as `telemetryJson`, but what JSON would not give back to the byte stays text. */
export function recordingLine(record: WithBody): string {
  const text = record.body.toString('utf8');
  const json = telemetryJson(record);
  if ('body' in json && JSON.stringify(json.body) !== text) {
    const { body: _body, ...rest } = record;
    return JSON.stringify({ ...rest, bodyText: text });
  }
  return JSON.stringify(json);
}
