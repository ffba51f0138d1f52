import type { NewCloudMessage } from '../hub/cloud-message.ts';
import type { CloudMessageRequest } from '../simulator-client.ts';
import { bodyOf } from './body-of.ts';

/** The message that a request asks for; `now` in milliseconds since 1970. */
export function cloudMessageOf(request: CloudMessageRequest, now: number): NewCloudMessage {
  const { body, properties, messageId, correlationId, ack, timeToLiveMs } = request;
  return {
    body: bodyOf(body),
    ...(properties !== undefined && { properties }),
    systemProperties: {
      ...(messageId !== undefined && { messageId }),
      ...(correlationId !== undefined && { cid: correlationId }),
    },
    ...(ack !== undefined && { ack }),
    ...(timeToLiveMs !== undefined && { expiresAt: now + timeToLiveMs }),
  };
}
