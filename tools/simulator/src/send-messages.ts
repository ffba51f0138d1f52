/** A message to be sent. */
export interface OutgoingMessage {
  /** Text as it is; bytes as they are; anything else as JSON. */
  readonly body: unknown;
  readonly properties?: Readonly<Record<string, string>>;
  readonly messageId?: string;
  readonly correlationId?: string;
  /** Default `application/json`. */
  readonly contentType?: string;
  /** Default `utf-8`. */
  readonly contentEncoding?: string;
}

export interface SendResult {
  /** Messages that edgeHub confirmed: all of them, else there would be an error. */
  readonly confirmed: number;
  /** How often a message was sent again because a connection was lost. */
  readonly resent: number;
  readonly durationMs: number;
}
