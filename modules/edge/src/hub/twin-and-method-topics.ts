const METHOD_TOPIC = /^\$iothub\/methods\/POST\/([^/?#]{1,100})\/\?\$rid=([^&]+)/;
const TWIN_RESPONSE = /^\$iothub\/twin\/res\/(\d+)\//;

/** Reads the topic of a direct method call; undefined when it is none. */
export function parseMethodTopic(topic: string): { methodName: string; requestId: string } | undefined {
  const match = METHOD_TOPIC.exec(topic);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { methodName: match[1], requestId: match[2] };
}

/**
 * Makes the body of a twin message one that the SDK understands. The SDK ignores the status in the topic of a response, takes
 * an empty body for success, and dies of a body that is not JSON; edgeHub reports errors by status with an empty body.
 *
 * @returns the body to hand on; for an error one with `errorCode`, which the SDK turns into an error; undefined when the
 *   message must not be handed on at all
 */
export function repairTwinResponse(topic: string, payload: Buffer): Buffer | undefined {
  const status = Number(TWIN_RESPONSE.exec(topic)?.[1] ?? 0);
  if (status >= 300) {
    const message = `edgeHub answered with status ${status}${payload.length > 0 ? `: ${payload.toString().slice(0, 500)}` : ''}`;
    return Buffer.from(JSON.stringify({ errorCode: status, message }));
  }
  if (status !== 0 && payload.length === 0) return payload;
  if (isJsonObject(payload)) return payload;
  if (status === 0) return undefined;
  return Buffer.from(JSON.stringify({ errorCode: status, message: 'edgeHub answered with a body that is not JSON' }));
}

function isJsonObject(payload: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(payload.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
