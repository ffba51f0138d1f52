import type { InputMessage } from './input-message.ts';
import { sha1 } from './sha1.ts';

/** Bodies up to this size stand in the key as they are, which is cheaper than their digest. */
const MAX_PLAIN_BYTES = 1_024;

/** What a message is recognised by when it comes again: id, sender, input and body; undefined when it has no id. */
export function redeliveryKey(message: InputMessage): string | undefined {
  const { messageId, senderDeviceId = '', senderModuleId = '', inputName, body } = message;
  if (messageId === undefined) return undefined;
  const facts = JSON.stringify([senderDeviceId, senderModuleId, inputName, messageId]);
  // an array in JSON and a digest in base64 begin differently
  if (body.length <= MAX_PLAIN_BYTES) return facts + body.toString('latin1');
  return sha1(Buffer.concat([Buffer.from(facts), body])).toString('base64');
}
