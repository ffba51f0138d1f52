import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { messageOf } from '@edgewright/contract';
import type { SimulatorInfo, Workspace } from '@edgewright/workspace';
import { CliError } from '../cli-error.ts';
import { collect, port, wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { keyValues } from '../text-table.ts';

/** How long a simulator in the background may take until it answers. */
const DETACH_DEADLINE_MS = 30_000;
const POLL_MS = 100;

interface StartFlags {
  readonly state?: string;
  readonly host: string;
  readonly httpsPort: number;
  readonly mqttPort: number;
  readonly httpPort: number;
  readonly hubMqttPort: number;
  readonly deviceCa?: readonly string[];
  readonly messageAckTimeout: number;
  readonly detach?: boolean;
}

export function defineSimStart(group: Command, invocation: Invocation): void {
  group
    .command('start')
    .description('start the simulator; it runs until Ctrl-C or `sim stop`')
    .option('--state <dir>', 'its state folder, which outlives it; default: simulator in the workspace')
    .option('--host <name>', 'the name under which it is reached', 'localhost')
    .option('--https-port <n>', "IoT Hub's REST service; 0 for any free port", port('--https-port'), 0)
    .option('--mqtt-port <n>', 'edgeHub of the first edge device; 0 for any free port', port('--mqtt-port'), 0)
    .option(
      '--hub-mqtt-port <n>',
      "IoT Hub's own MQTT, for plain devices; 0 for any free port",
      port('--hub-mqtt-port'),
      0,
    )
    .option('--device-ca <file>', 'PEM: an authority whose certificates let devices in; repeatable', collect)
    .option('--http-port <n>', 'the control interface; 0 for any free port', port('--http-port'), 0)
    .option(
      '--message-ack-timeout <seconds>',
      'how long edgeHub waits for an acknowledgement before it sends a message again',
      wholeNumber('--message-ack-timeout', 1, 3600),
      30,
    )
    .option('--detach', 'run in the background; its log goes to simulator.log in the state folder')
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright sim start --detach\n  $ edgewright sim device create -d plant-1 --edge',
    )
    .action(async (flags: StartFlags) => {
      await invocation.withWorkspace((workspace) =>
        flags.detach === true ? startDetached(invocation, workspace, flags) : startHere(invocation, workspace, flags),
      );
    });
}

async function startHere(invocation: Invocation, workspace: Workspace, flags: StartFlags): Promise<void> {
  await using simulator = await workspace.simulator.start({
    state: flags.state === undefined ? undefined : invocation.path(flags.state),
    host: flags.host,
    httpsPort: flags.httpsPort,
    mqttPort: flags.mqttPort,
    httpPort: flags.httpPort,
    hubMqttPort: flags.hubMqttPort,
    deviceAuthorities: await Promise.all((flags.deviceCa ?? []).map((file) => readAuthority(invocation, file))),
    messageAckTimeoutSecs: flags.messageAckTimeout,
    signal: invocation.context.signal,
  });
  showInfo(invocation, simulator.info);
  invocation.terminal.say('the simulator runs; stop it with Ctrl-C or `edgewright sim stop`');
  await simulator.ended;
}

async function readAuthority(invocation: Invocation, file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(invocation.path(file), 'utf8');
  } catch (cause) {
    throw new CliError('UsageInvalid', `cannot read --device-ca "${file}": ${messageOf(cause)}`, { cause });
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new CliError('UsageInvalid', `--device-ca "${file}" holds no certificate in PEM`);
}

/** Starts this program again without a terminal, and waits until the simulator answers. */
async function startDetached(invocation: Invocation, workspace: Workspace, flags: StartFlags): Promise<void> {
  const state = flags.state === undefined ? workspace.simulator.defaultState : invocation.path(flags.state);
  await mkdir(state, { recursive: true });
  const logFile = path.join(state, 'simulator.log');
  await using log = await open(logFile, 'a');
  const [executable = '', ...before] = invocation.context.program;
  const child = spawn(executable, [...before, ...detachedArguments(flags, workspace.folders.root, state)], {
    detached: true,
    stdio: ['ignore', 'ignore', log.fd],
  });
  child.unref();
  const deadline = Date.now() + DETACH_DEADLINE_MS;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    invocation.context.signal.throwIfAborted();
    const client = await workspace.simulator.connect({ state }).catch(() => undefined);
    if (client !== undefined && client.info.processId === child.pid) {
      showInfo(invocation, client.info);
      return;
    }
    await delay(POLL_MS);
  }
  const { exitCode } = child;
  if (exitCode === null) child.kill('SIGTERM');
  const what =
    exitCode === null
      ? `did not answer within ${DETACH_DEADLINE_MS / 1000} s`
      : `ended at once with exit code ${exitCode}`;
  throw new CliError(
    'SimulatorNotStarted',
    `the simulator ${what}; its log is ${logFile}:\n${await lastLines(logFile)}`,
    {
      details: { logFile, exitCode },
    },
  );
}

function detachedArguments(flags: StartFlags, workspace: string, state: string): string[] {
  const values: Readonly<Record<string, string | number>> = {
    '--workspace': workspace,
    '--state': state,
    '--host': flags.host,
    '--https-port': flags.httpsPort,
    '--mqtt-port': flags.mqttPort,
    '--http-port': flags.httpPort,
    '--hub-mqtt-port': flags.hubMqttPort,
    '--message-ack-timeout': flags.messageAckTimeout,
  };
  const authorities = (flags.deviceCa ?? []).flatMap((file) => ['--device-ca', file]);
  return ['sim', 'start', ...Object.entries(values).flatMap(([flag, value]) => [flag, String(value)]), ...authorities];
}

async function lastLines(file: string): Promise<string> {
  await using handle = await open(file);
  const text = await handle.readFile('utf8');
  return text
    .trim()
    .split('\n')
    .slice(-6)
    .map((line) => `    ${line}`)
    .join('\n');
}

function showInfo(invocation: Invocation, info: SimulatorInfo): void {
  invocation.terminal.result(info, () =>
    keyValues([
      ['hub', `${info.hubHostName}, REST on port ${info.httpsPort}, MQTT on port ${info.mqttPort}`],
      ['connection string', info.connectionString],
      ['CA file', info.caFile],
      ['page', info.pageUrl],
      ['state', info.stateDirectory],
      ['process', String(info.processId ?? '')],
    ]),
  );
}
