import { MAX_MESSAGE_BYTES } from '@edgewright/contract';
import { EdgeError } from '../edge-error.ts';
import type { InputMessage, MessageProperties } from '../messages/input-message.ts';
import type { OutputMessage } from '../messages/output-message.ts';

/** edgeHub adds the sender and its own identifier before it checks the size again; this much is left for them. */
const HEADROOM_BYTES = 1024;
/** Fixed header (1 + at most 4), length of the topic (2), packet identifier (2): MQTT 3.1.1 §2.2, §3.3. */
const PACKET_OVERHEAD_BYTES = 9;
/** MQTT 3.1.1 §1.5.3: a string has a length of two bytes. */
const MAX_TOPIC_BYTES = 65_535;

const INPUT_TOPIC = /^devices\/[^/]+\/modules\/[^/]+\/inputs\/([^/]+)(?:\/(.*))?$/s;

/** What edgeHub puts on a message for itself; it is neither carried over nor shown to entry scripts. */
const HUB_PROPERTIES = new Set(['iothub-operation', 'ack', 'mqtt-retain', 'mqtt-dup', 'mqtt-qos']);

type SystemField =
  | 'messageId'
  | 'correlationId'
  | 'contentType'
  | 'contentEncoding'
  | 'senderDeviceId'
  | 'senderModuleId';

/** Keys of the system properties that are read; edgeHub's `SystemProperties.cs`. */
const SYSTEM_FIELDS: ReadonlyMap<string, SystemField> = new Map([
  ['$.mid', 'messageId'],
  ['$.cid', 'correlationId'],
  ['$.ct', 'contentType'],
  ['$.ce', 'contentEncoding'],
  ['$.cdid', 'senderDeviceId'],
  ['$.cmid', 'senderModuleId'],
]);

/** True for a topic on which edgeHub delivers routed messages. */
export function isInputTopic(topic: string): boolean {
  return topic.startsWith('devices/') && INPUT_TOPIC.test(topic);
}

/**
 * Reads the topic of a routed message: the input's name and the property bag behind it. What cannot be decoded is kept as
 * it stands, because a message must never fail here: it would come again for ever.
 *
 * @returns undefined when the topic is no input's
 */
export function parseInputTopic(topic: string, body: Buffer): InputMessage | undefined {
  const match = INPUT_TOPIC.exec(topic);
  if (match === null) return undefined;
  const system: Partial<Record<SystemField, string>> = {};
  const properties: [string, string][] = [];
  for (const pair of (match[2] ?? '').split('&')) {
    if (pair === '' || pair === '/') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    const field = SYSTEM_FIELDS.get(name);
    if (field !== undefined) system[field] = value;
    else if (!name.startsWith('$.') && !HUB_PROPERTIES.has(name)) properties.push([name, value]);
  }
  return { inputName: decode(match[1] ?? ''), body, properties, ...system };
}

/**
 * Writes the topic of an output message.
 *
 * @param eventsTopic `devices/<device>/modules/<module>/messages/events/`
 * @throws EdgeError `OutputTooLarge` when the packet would be larger than edgeHub takes, with the sizes: edgeHub drops such
 *   a message silently, or drops the connection
 */
export function outputTopic(eventsTopic: string, message: OutputMessage): string {
  const bag = [
    ['$.on', message.outputName],
    ...(message.messageId === undefined ? [] : [['$.mid', message.messageId]]),
    ...(message.correlationId === undefined ? [] : [['$.cid', message.correlationId]]),
    ['$.ct', 'application/json'],
    ['$.ce', 'utf-8'],
    ...message.properties,
  ] as MessageProperties;
  const topic = `${eventsTopic}${bag.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')}/`;
  checkSize(topic.length, Buffer.byteLength(message.body), message);
  return topic;
}

function checkSize(propertyBytes: number, bodyBytes: number, message: OutputMessage): void {
  const limitBytes = MAX_MESSAGE_BYTES - HEADROOM_BYTES;
  const sizeBytes = propertyBytes + bodyBytes + PACKET_OVERHEAD_BYTES;
  if (sizeBytes <= limitBytes && propertyBytes <= MAX_TOPIC_BYTES) return;
  const [what, size, limit] =
    propertyBytes > MAX_TOPIC_BYTES
      ? ['its properties take', propertyBytes, MAX_TOPIC_BYTES]
      : ['it takes', sizeBytes, limitBytes];
  throw new EdgeError(
    'OutputTooLarge',
    `cannot send a message to the output "${message.outputName}": ${what} ${size} bytes of the ${limit} that edgeHub allows ` +
      `(body ${bodyBytes}, properties ${propertyBytes}); return less from the entry script`,
    { details: { outputName: message.outputName, bodyBytes, propertyBytes, limitBytes: limit } },
  );
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function decode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
