import type { Command } from 'commander';
import type { Acknowledgement } from '@edgewright/workspace';
import { collectPairs, oneOf, wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { textTable } from '../text-table.ts';

interface MessageFlags {
  readonly deviceId: string;
  readonly data: string;
  readonly property?: Record<string, string>;
  readonly messageId?: string;
  readonly correlationId?: string;
  readonly ack: Acknowledgement;
  readonly expiresIn?: number;
  readonly state?: string;
}

const stateFlag = ['--state <dir>', 'the state folder of the simulator; default: simulator in the workspace'] as const;

/** `edgewright sim message send|feedback|purge`: cloud-to-device messages. */
export function defineSimMessage(group: Command, invocation: Invocation): void {
  const messages = group.command('message').description('messages from the cloud to a plain device');
  defineSend(messages, invocation);
  messages
    .command('feedback')
    .description('what became of messages that asked for it; each is told once')
    .option(...stateFlag)
    .addHelpText('after', '\nExample:\n  $ edgewright sim message feedback')
    .action(async (flags: { state?: string }) => {
      const feedback = await invocation.withSimulator(flags.state, (simulator) => simulator.takeFeedback());
      invocation.terminal.result({ feedback }, () =>
        feedback.length === 0
          ? 'no feedback'
          : textTable(feedback, [
              { heading: 'MESSAGE', cell: (entry) => entry.originalMessageId },
              { heading: 'DEVICE', cell: (entry) => entry.deviceId },
              { heading: 'OUTCOME', cell: (entry) => entry.statusCode },
              { heading: 'AT', cell: (entry) => entry.enqueuedTimeUtc },
            ]),
      );
    });
  messages
    .command('purge')
    .description('throw away the messages that wait for a device')
    .requiredOption('-d, --device-id <id>', 'the device')
    .option(...stateFlag)
    .addHelpText('after', '\nExample:\n  $ edgewright sim message purge -d meter-1')
    .action(async (flags: { deviceId: string; state?: string }) => {
      const result = await invocation.withSimulator(flags.state, (simulator) =>
        simulator.purgeMessages(flags.deviceId),
      );
      invocation.terminal.result(result, () => `${result.purged} purged`);
    });
}

function defineSend(messages: Command, invocation: Invocation): void {
  messages
    .command('send')
    .description('put a message into the queue of a device')
    .requiredOption('-d, --device-id <id>', 'the device')
    .requiredOption('--data <text>', 'the body')
    .option('--property <key=value>', 'an application property', collectPairs('--property'))
    .option('--message-id <id>', 'its id, by which feedback names it')
    .option('--correlation-id <id>', 'what it belongs to')
    .option(
      '--ack <which>',
      'of which endings feedback is kept: none, positive, negative or full',
      oneOf('--ack', ['none', 'positive', 'negative', 'full']),
      'none',
    )
    .option('--expires-in <seconds>', 'how long it may wait; default an hour', wholeNumber('--expires-in', 1, 172_800))
    .option(...stateFlag)
    .addHelpText(
      'after',
      `\nExample:\n  $ edgewright sim message send -d meter-1 --data '{"valve": "open"}' --ack full`,
    )
    .action(async (flags: MessageFlags) => {
      const { deviceId, data, property, messageId, correlationId, ack, expiresIn } = flags;
      const sent = await invocation.withSimulator(flags.state, (simulator) =>
        simulator.sendToDevice({
          deviceId,
          body: data,
          ack,
          ...(property !== undefined && { properties: property }),
          ...(messageId !== undefined && { messageId }),
          ...(correlationId !== undefined && { correlationId }),
          ...(expiresIn !== undefined && { timeToLiveMs: expiresIn * 1000 }),
        }),
      );
      invocation.terminal.result(sent, () => `queued as number ${sent.sequenceNumber}`);
    });
}
