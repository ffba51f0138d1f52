import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { messageOf, parseJson } from '@edgewright/contract';
import type { OutgoingMessage } from '@edgewright/workspace';
import { CliError } from '../cli-error.ts';
import { collectPairs, wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';

interface SendFlags {
  readonly deviceId: string;
  readonly moduleId?: string;
  readonly outputName: string;
  readonly data?: string;
  readonly file?: string;
  readonly property?: Record<string, string>;
  readonly inFlight: number;
  readonly state?: string;
}

/** `edgewright sim send`. */
export function defineSimSend(group: Command, invocation: Invocation): void {
  group
    .command('send')
    .description('send messages as a module of an edge device, or as a plain device')
    .requiredOption('-d, --device-id <id>', 'the device')
    .option(
      '-m, --module-id <id>',
      'the module that sends, made when it is not there; default: sensor for an edge device, none for a plain one',
    )
    .option('--output-name <name>', 'the output that messages leave by; routes name it', 'measurements')
    .option('--data <json>', 'the body of one message')
    .option('-f, --file <file>', 'NDJSON, one body a line; - for stdin')
    .option('--property <key=value>', 'an application property of every message', collectPairs('--property'))
    .option(
      '--in-flight <n>',
      'messages that may wait for their confirmation',
      wholeNumber('--in-flight', 1, 10_000),
      1,
    )
    .option('--state <dir>', 'the state folder of the simulator; default: simulator in the workspace')
    .addHelpText('after', `\nExample:\n  $ edgewright sim send -d plant-1 --data '{"data": [[1,2,3,4,5,6,7,8,9,10]]}'`)
    .action(async (flags: SendFlags) => {
      if ((flags.data === undefined) === (flags.file === undefined)) {
        throw new CliError('UsageInvalid', 'nothing to send: give either --data JSON or --file FILE');
      }
      const result = await invocation.withSimulator(flags.state, async (simulator) => {
        const { edge } = await simulator.device(flags.deviceId);
        const moduleId = flags.moduleId ?? (edge ? 'sensor' : undefined);
        return await simulator.send({
          deviceId: flags.deviceId,
          ...(moduleId !== undefined && { moduleId }),
          output: flags.outputName,
          messages: flags.data === undefined ? fromFile(invocation, flags) : [message(flags.data, '--data', flags)],
          inFlight: flags.inFlight,
          signal: invocation.context.signal,
          onConfirmed: (_, index) =>
            invocation.terminal.events({
              stage: 'sim.send',
              state: 'progress',
              text: `${index + 1} confirmed`,
              completed: index + 1,
            }),
        });
      });
      invocation.terminal.result(result, () => `${result.confirmed} confirmed in ${Math.round(result.durationMs)} ms`);
    });
}

function message(text: string, source: string, flags: SendFlags): OutgoingMessage {
  return { body: parseJson(text, source), ...(flags.property === undefined ? {} : { properties: flags.property }) };
}

async function* fromFile(invocation: Invocation, flags: SendFlags): AsyncGenerator<OutgoingMessage> {
  const file = flags.file ?? '-';
  const input = file === '-' ? invocation.context.stdin : createReadStream(invocation.path(file));
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const failed = new Promise<never>((_, reject) => {
    input.once('error', (cause: Error) =>
      reject(new CliError('UsageInvalid', `cannot read the messages from "${file}": ${messageOf(cause)}`, { cause })),
    );
  });
  failed.catch(() => {}); // it is awaited below, when a line is wanted
  const iterator = lines[Symbol.asyncIterator]();
  for (let number = 1; ; number += 1) {
    const next = await Promise.race([iterator.next(), failed]);
    if (next.done === true) return;
    if (next.value.trim() !== '') yield message(next.value, `line ${number} of ${file}`, flags);
  }
}
