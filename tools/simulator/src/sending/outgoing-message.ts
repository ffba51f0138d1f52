/** A message to be sent. */
export interface OutgoingMessage {
  /** Text as it is; bytes as they are; anything else as JSON. */
  readonly body: unknown;
  readonly properties?: Readonly<Record<string, string>>;
  /** Of a module: the output that it leaves by; null: none. Default: the output that is sent to. */
  readonly output?: string | null;
  readonly messageId?: string;
  readonly correlationId?: string;
  /** Default `application/json`. */
  readonly contentType?: string;
  /** Default `utf-8`. */
  readonly contentEncoding?: string;
}
