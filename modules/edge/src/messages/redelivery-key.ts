import type { InputMessage } from './input-message.ts';
import { sha1 } from './sha1.ts';

/** What a message is recognised by when it comes again: a digest of id, sender, input and body; undefined when it has no id. */
export function redeliveryKey(message: InputMessage): string | undefined {
  const { messageId, senderDeviceId = '', senderModuleId = '', inputName, body } = message;
  if (messageId === undefined) return undefined;
  const facts = JSON.stringify([senderDeviceId, senderModuleId, inputName, messageId]);
  return sha1(Buffer.concat([Buffer.from(facts), body])).toString('base64');
}
