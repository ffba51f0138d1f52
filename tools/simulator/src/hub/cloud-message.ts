/** Of which endings of a cloud-to-device message the sender wants to hear. */
export const acknowledgements = ['none', 'positive', 'negative', 'full'] as const;
export type Acknowledgement = (typeof acknowledgements)[number];

/** A cloud-to-device message as somebody sends it. */
export interface NewCloudMessage {
  readonly body: Buffer;
  /** Application properties. */
  readonly properties?: Readonly<Record<string, string>>;
  /** By internal names: `messageId`, `cid`, `userId`, `contentType`, `contentEncoding`. */
  readonly systemProperties?: Readonly<Record<string, string>>;
  /** Default `none`. */
  readonly ack?: Acknowledgement;
  /** When it is given up, in milliseconds since 1970; default: an hour after it was sent. */
  readonly expiresAt?: number;
}

/** One that waits in the queue of its device. */
export interface CloudMessage {
  readonly sequenceNumber: number;
  readonly deviceId: string;
  /** ISO 8601. */
  readonly enqueuedTime: string;
  /** How often it was sent to the device. */
  readonly deliveryCount: number;
  readonly ack: Acknowledgement;
  readonly body: Buffer;
  readonly properties: Readonly<Record<string, string>>;
  readonly systemProperties: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** How a message ended, by IoT Hub's names. */
export type CloudMessageOutcome = 'Success' | 'Expired' | 'DeliveryCountExceeded' | 'Rejected' | 'Purged';

/** What a sender hears of a message that it asked about; the members are those of IoT Hub's feedback. */
export interface Feedback {
  readonly originalMessageId: string;
  readonly statusCode: CloudMessageOutcome;
  readonly description: CloudMessageOutcome;
  readonly deviceId: string;
  readonly deviceGenerationId: string;
  /** ISO 8601: when the message ended. */
  readonly enqueuedTimeUtc: string;
}
