import type { MessageProperties } from './input-message.ts';

/** A message that this module sends to one of its outputs. The body is JSON text in UTF-8. */
export interface OutputMessage {
  readonly outputName: string;
  readonly body: string;
  readonly messageId?: string;
  readonly correlationId?: string;
  readonly properties: MessageProperties;
}
