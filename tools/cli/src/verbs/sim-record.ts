import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { Command } from 'commander';
import { messageOf, recordingLine } from '@edgewright/contract';
import { CliError } from '../cli-error.ts';
import type { Invocation } from '../invocation.ts';
import { addFilterFlags, monitorFilter } from '../monitor-flags.ts';
import type { MonitorFlags } from '../monitor-flags.ts';

interface ReplayFlags {
  readonly speed: number | 'max';
  readonly deviceId?: string;
  readonly moduleId?: string;
  readonly create?: boolean;
  readonly state?: string;
}

/** `edgewright sim record` and `edgewright sim replay`. */
export function defineSimRecord(group: Command, invocation: Invocation): void {
  const record = group
    .command('record')
    .description('write messages to a file as they reach the hub, one JSON object a line; ends with Ctrl-C')
    .argument('<file>', 'NDJSON; it must not be there yet');
  addFilterFlags(record)
    .addHelpText('after', '\nExample:\n  $ edgewright sim record shift.ndjson -d plant-1 --timeout 3600')
    .action(async (file: string, flags: MonitorFlags) => {
      const count = await recordInto(invocation, invocation.path(file), flags);
      invocation.terminal.result({ file, messages: count }, () => `${count} messages in ${file}`);
    });
  group
    .command('replay')
    .description('send the messages of a recording again, as the devices and modules that sent them')
    .argument('<file>', 'what `sim record` or `sim monitor --output json` wrote; - for stdin')
    .option('--speed <n>', '1 as fast as it was recorded, 10 ten times as fast, max as fast as it goes', speed, 1)
    .option('-d, --device-id <id>', 'send everything as this device')
    .option('-m, --module-id <id>', 'send everything as this module')
    .option('--create', 'make devices that are not there; those with modules become edge devices')
    .option('--state <dir>', 'the state folder of the simulator; default: simulator in the workspace')
    .addHelpText('after', '\nExample:\n  $ edgewright sim replay shift.ndjson --speed max')
    .action(async (file: string, flags: ReplayFlags) => {
      const result = await replayFrom(invocation, file, flags);
      invocation.terminal.result(
        result,
        () =>
          `${result.confirmed} messages of ${result.senders} senders confirmed in ${Math.round(result.durationMs)} ms`,
      );
    });
}

async function recordInto(invocation: Invocation, file: string, flags: MonitorFlags): Promise<number> {
  await using handle = await open(file, 'wx').catch((cause: unknown) => {
    throw new CliError('UsageInvalid', `cannot record into "${file}": ${messageOf(cause)}`, { cause });
  });
  const timer = flags.timeout === undefined ? [] : [AbortSignal.timeout(flags.timeout * 1000)];
  const signal = AbortSignal.any([invocation.context.signal, ...timer]);
  return await invocation.withSimulator(flags.state, async (simulator) => {
    let count = 0;
    const records = simulator.monitor(monitorFilter(flags), signal);
    invocation.terminal.say(`recording into ${file}`);
    for await (const record of records) {
      await handle.write(`${recordingLine(record)}\n`);
      count += 1;
      if (count === flags.count) break;
    }
    return count;
  });
}

async function replayFrom(invocation: Invocation, file: string, flags: ReplayFlags) {
  const { speed: wanted, deviceId, moduleId, create } = flags;
  await using opened = file === '-' ? undefined : await openRecording(invocation.path(file));
  const input = opened === undefined ? invocation.context.stdin : opened.createReadStream();
  return await invocation.withSimulator(flags.state, async (simulator) =>
    simulator.replay({
      chunks: chunksOf(input, file),
      source: file,
      speed: wanted,
      signal: invocation.context.signal,
      ...(deviceId !== undefined && { deviceId }),
      ...(moduleId !== undefined && { moduleId }),
      ...(create !== undefined && { create }),
      onConfirmed: (completed) =>
        invocation.terminal.events({
          stage: 'sim.replay',
          state: 'progress',
          text: `${completed} confirmed`,
          completed,
        }),
    }),
  );
}

async function openRecording(file: string): Promise<FileHandle> {
  try {
    return await open(file);
  } catch (cause) {
    throw new CliError('UsageInvalid', `cannot read the recording "${file}": ${messageOf(cause)}`, { cause });
  }
}

async function* chunksOf(input: AsyncIterable<string | Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of input) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  } catch (cause) {
    throw new CliError('UsageInvalid', `cannot read the recording "${file}": ${messageOf(cause)}`, { cause });
  }
}

function speed(text: string): number | 'max' {
  if (text === 'max') return 'max';
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new CliError('UsageInvalid', `--speed is "${text}": expected a number above 0, or max`);
}
