import { EdgeError } from '../edge-error.ts';
import { composeCloudResults } from '../messages/compose-outputs.ts';
import type { MessageHandler } from '../messages/message-handler.ts';
import type { OutputNames } from '../scorer-settings.ts';
import type { FallbackOutlet } from './cloud-fallback.ts';

/** Sends what the cloud said by the way of all messages. */
export function createFallbackOutlet(
  handler: () => MessageHandler,
  outputsOf: (inputName: string) => OutputNames,
): FallbackOutlet {
  return {
    result: async (message, value) => {
      const names = outputsOf(message.inputName);
      const outputs = composeCloudResults(message, { value, reason: message.parked.reason }, names);
      return (await handler().answer(message, outputs)) === 'confirmed';
    },
    failed: async (message, cause) => {
      const { code, text } = message.parked;
      // the result of the edge was sent, and stands
      if (code === undefined) return true;
      const reason = cause instanceof Error ? cause.message : String(cause);
      const error = new EdgeError('CloudRefused', `the edge failed with ${code} (${text}), and the cloud: ${reason}`);
      return (await handler().reject(message, error)) === 'confirmed';
    },
  };
}
