/** Application properties, in the order in which they stand on the wire; a name may stand twice. */
export type MessageProperties = readonly (readonly [name: string, value: string])[];

/** A message that edgeHub routed to an input of this module. */
export interface InputMessage {
  readonly inputName: string;
  readonly body: Buffer;
  readonly messageId?: string;
  readonly correlationId?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  /** The device and module that sent it, as edgeHub says. */
  readonly senderDeviceId?: string;
  readonly senderModuleId?: string;
  readonly properties: MessageProperties;
  /** Milliseconds since 1970; there where spans are wanted. */
  readonly receivedAt?: number;
}

/** What every line of the log about a message carries, so that its lines can be found. */
export function traceOf({ messageId, correlationId }: InputMessage): {
  readonly messageId: string | undefined;
  readonly correlationId: string | undefined;
} {
  return { messageId, correlationId: correlationId ?? messageId };
}
