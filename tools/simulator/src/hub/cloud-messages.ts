import type { StateDatabase } from '../state/state-database.ts';
import type { Acknowledgement, CloudMessage, CloudMessageOutcome, Feedback, NewCloudMessage } from './cloud-message.ts';
import { FeedbackLog } from './feedback-log.ts';
import { hubFault } from './hub-fault.ts';
import type { Identity } from './identity.ts';

/** IoT Hub's limits and defaults for cloud-to-device messages. */
const MAX_QUEUED = 50;
const MAX_MESSAGE_BYTES = 65_536;
const MAX_DELIVERIES = 10;
const DEFAULT_LIFETIME_MS = 60 * 60 * 1000;
const MAX_LIFETIME_MS = 48 * 60 * 60 * 1000;
/** How many expired messages are ended at a time. */
const EXPIRED_BATCH = 1000;

interface Row {
  readonly sequence_number: number;
  readonly device_id: string;
  readonly enqueued_time: string;
  readonly expires_at: number;
  readonly delivery_count: number;
  readonly ack: Acknowledgement;
  readonly body: Uint8Array;
  readonly properties: string;
  readonly system_properties: string;
}

export interface CloudMessagesOptions {
  readonly database: StateDatabase;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly device: (deviceId: string) => Identity | undefined;
}

/** The queues of cloud-to-device messages, one for each device, on disk. */
export class CloudMessages {
  readonly feedback: FeedbackLog;
  readonly #database: StateDatabase;
  readonly #now: () => number;
  readonly #device: (deviceId: string) => Identity | undefined;
  readonly #insert;
  readonly #count;
  readonly #expired;
  readonly #select;
  readonly #first;
  readonly #deliver;
  readonly #delete;
  readonly #forget;
  readonly #listeners = new Set<(deviceId: string) => void>();

  constructor({ database, now, device }: CloudMessagesOptions) {
    this.#database = database;
    this.#now = now;
    this.#device = device;
    this.feedback = new FeedbackLog(database, now);
    this.#insert = database.prepare(
      `INSERT INTO cloud_messages (device_id, enqueued_time, expires_at, delivery_count, ack, body, properties, system_properties)
       VALUES (?, ?, ?, 0, ?, ?, ?, ?)`,
    );
    this.#count = database.prepare(
      'SELECT COUNT(*) AS count FROM cloud_messages WHERE device_id = ? AND expires_at > ?',
    );
    this.#expired = database.prepare('SELECT * FROM cloud_messages WHERE expires_at <= ? LIMIT ?');
    this.#select = database.prepare('SELECT * FROM cloud_messages WHERE sequence_number = ?');
    this.#first = database.prepare('SELECT * FROM cloud_messages WHERE device_id = ? ORDER BY sequence_number LIMIT 1');
    this.#deliver = database.prepare(
      'UPDATE cloud_messages SET delivery_count = delivery_count + 1 WHERE sequence_number = ?',
    );
    this.#delete = database.prepare('DELETE FROM cloud_messages WHERE sequence_number = ?');
    this.#forget = database.prepare('DELETE FROM cloud_messages WHERE device_id = ?');
  }

  /** @throws SimulatorError `SimulatedHubQuotaExceeded`, `SimulatorRequestInvalid` */
  send(device: Identity, message: NewCloudMessage): CloudMessage {
    const { deviceId } = device;
    this.endExpired();
    this.#check(deviceId, message);
    const { body, properties = {}, systemProperties = {}, ack = 'none' } = message;
    const now = this.#now();
    const { lastInsertRowid } = this.#insert.run(
      deviceId,
      new Date(now).toISOString(),
      message.expiresAt ?? now + DEFAULT_LIFETIME_MS,
      ack,
      body,
      JSON.stringify(properties),
      JSON.stringify(systemProperties),
    );
    this.#database.afterCommit(() => {
      for (const listener of this.#listeners) listener(deviceId);
    });
    return messageOf(this.#select.get(lastInsertRowid) as unknown as Row);
  }

  /** How many messages wait for a device. */
  count(deviceId: string): number {
    return (this.#count.get(deviceId, this.#now()) as { count: number }).count;
  }

  /** Ends the messages whose time has passed, of devices that are not connected as well. */
  endExpired(): void {
    for (;;) {
      const rows = this.#expired.all(this.#now(), EXPIRED_BATCH) as unknown as Row[];
      for (const row of rows) {
        const device = this.#device(row.device_id);
        if (device === undefined) this.#delete.run(row.sequence_number);
        else this.#end(device, row, 'Expired');
      }
      if (rows.length < EXPIRED_BATCH) return;
    }
  }

  /** The next message for a device, whose delivery is counted; those that are over end before. */
  take(device: Identity): CloudMessage | undefined {
    for (;;) {
      const row = this.#first.get(device.deviceId) as unknown as Row | undefined;
      if (row === undefined) return undefined;
      if (row.expires_at <= this.#now()) this.#end(device, row, 'Expired');
      else if (row.delivery_count >= MAX_DELIVERIES) this.#end(device, row, 'DeliveryCountExceeded');
      else {
        this.#deliver.run(row.sequence_number);
        return messageOf({ ...row, delivery_count: row.delivery_count + 1 });
      }
    }
  }

  /** Ends a message; nothing happens when it has ended before. */
  end(device: Identity, sequenceNumber: number, outcome: CloudMessageOutcome): void {
    const row = this.#select.get(sequenceNumber) as unknown as Row | undefined;
    if (row !== undefined) this.#end(device, row, outcome);
  }

  /** Empties the queue of a device and says how many messages there were. */
  purge(device: Identity): number {
    this.endExpired();
    return this.#database.transaction(() => {
      let purged = 0;
      for (;;) {
        const row = this.#first.get(device.deviceId) as unknown as Row | undefined;
        if (row === undefined) return purged;
        this.#end(device, row, 'Purged');
        purged += 1;
      }
    });
  }

  /** A device is gone, and what waits for it with it. */
  forget(deviceId: string): void {
    this.#forget.run(deviceId);
  }

  /** Told of every message that is queued, by its device. */
  onQueued(listener: (deviceId: string) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  #end(device: Identity, row: Row, outcome: CloudMessageOutcome): void {
    this.#database.transaction(() => {
      this.#delete.run(row.sequence_number);
      const isWanted = row.ack === 'full' || row.ack === (outcome === 'Success' ? 'positive' : 'negative');
      if (!isWanted) return;
      const { messageId = '' } = JSON.parse(row.system_properties) as { messageId?: string };
      const feedback: Feedback = {
        originalMessageId: messageId,
        statusCode: outcome,
        description: outcome,
        deviceId: device.deviceId,
        deviceGenerationId: device.generationId,
        enqueuedTimeUtc: new Date(this.#now()).toISOString(),
      };
      this.feedback.append(feedback);
    });
  }

  #check(deviceId: string, { body, properties = {}, expiresAt }: NewCloudMessage): void {
    const size = Object.entries(properties).reduce((sum, [key, value]) => sum + key.length + value.length, body.length);
    if (size > MAX_MESSAGE_BYTES) {
      throw hubFault(
        'ArgumentInvalid',
        `cannot send a message to "${deviceId}": it has ${size} bytes with its properties, at most ${MAX_MESSAGE_BYTES} go through`,
        { deviceId, size, limit: MAX_MESSAGE_BYTES },
      );
    }
    const now = this.#now();
    if (expiresAt !== undefined && (expiresAt <= now || expiresAt > now + MAX_LIFETIME_MS)) {
      throw hubFault(
        'ArgumentInvalid',
        `cannot send a message to "${deviceId}": it would expire at ${new Date(expiresAt).toISOString()}, which is past or more than two days ahead`,
        { deviceId, expiresAt },
      );
    }
    if (this.count(deviceId) < MAX_QUEUED) return;
    throw hubFault(
      'DeviceMaximumQueueDepthExceeded',
      `cannot send a message to "${deviceId}": ${MAX_QUEUED} wait for it already`,
      { deviceId, limit: MAX_QUEUED },
    );
  }
}

function messageOf(row: Row): CloudMessage {
  return {
    sequenceNumber: row.sequence_number,
    deviceId: row.device_id,
    enqueuedTime: row.enqueued_time,
    deliveryCount: row.delivery_count,
    ack: row.ack,
    body: Buffer.from(row.body.buffer, row.body.byteOffset, row.body.byteLength),
    properties: JSON.parse(row.properties) as Record<string, string>,
    systemProperties: JSON.parse(row.system_properties) as Record<string, string>,
    expiresAt: row.expires_at,
  };
}
