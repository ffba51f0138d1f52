import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { messageOf, parseJson } from '@edgewright/contract';
import type { DevelopmentOptions, SimulatorInfo, Workspace } from '@edgewright/workspace';
import { CliError } from '../cli-error.ts';
import { collect, collectPairs, oneOf, port, wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { keyValues } from '../text-table.ts';

/** How long a simulator in the background may take until it answers. */
const DETACH_DEADLINE_MS = 120_000;
const POLL_MS = 100;

/** How the modules of edge devices run. */
const KINDS = ['processes', 'containers'] as const;

interface StartFlags {
  readonly state?: string;
  readonly host?: string;
  readonly httpsPort: number;
  readonly mqttPort: number;
  readonly httpPort: number;
  readonly hubMqttPort: number;
  readonly deviceCa?: readonly string[];
  readonly messageAckTimeout?: number;
  readonly modulesAs?: (typeof KINDS)[number];
  readonly edgeHttpsPort?: number;
  readonly detach?: boolean;
  readonly deployment?: string;
  readonly inputs?: string;
  readonly port?: number;
  readonly environment?: Record<string, string>;
  readonly moduleLogs?: boolean;
  readonly dockerHost?: string;
  readonly edgeRuntimeVersion?: string;
}

export function defineSimStart(group: Command, invocation: Invocation): void {
  const command = group.command('start').description('start the simulator; it runs until Ctrl-C or `sim stop`');
  addPlaces(command);
  addModules(command);
  addDevelopment(command);
  command
    .option('--detach', 'run in the background; its log goes to simulator.log in the state folder')
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright sim start --detach\n  $ edgewright sim device create -d plant-1 --edge',
    )
    .action(async (flags: StartFlags) => {
      checkHost(flags.host);
      if (flags.edgeRuntimeVersion !== undefined) {
        invocation.terminal.say(
          `--edge-runtime-version ${flags.edgeRuntimeVersion} changes nothing: edgeHub behaves as that of IoT Edge 1.6, whatever is asked for`,
        );
      }
      await invocation.withWorkspace((workspace) =>
        flags.detach === true ? startDetached(invocation, workspace, flags) : startHere(invocation, workspace, flags),
      );
    });
}

/** Where it keeps what it knows, and where it is reached. */
function addPlaces(command: Command): void {
  command
    .option('--state <dir>', 'its state folder, which outlives it; default: simulator in the workspace')
    .option('--host <name>', 'the name under which it is reached; default: that of `sim setup`, else localhost')
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
      '--edge-https-port <n>',
      "the first edgeHub's HTTPS, for methods from module to module",
      port('--edge-https-port'),
    );
}

/** How modules run. */
function addModules(command: Command): void {
  command
    .option(
      '--message-ack-timeout <seconds>',
      'how long edgeHub waits for an acknowledgement; default: MessageAckTimeoutSecs of the deployment, else 30',
      wholeNumber('--message-ack-timeout', 1, 3600),
    )
    .option('--modules-as <kind>', 'processes (default) or containers of a Docker Engine', oneOf('--modules-as', KINDS))
    .option('-H, --docker-host <address>', 'modules as containers of this engine, such as unix:///run/docker.sock')
    .option('-v, --module-logs', 'show what modules print')
    .option('-e, --environment <key=value>', 'a variable for every module', collectPairs('--environment'));
}

/** What iotedgehubdev starts with. */
function addDevelopment(command: Command): void {
  command
    .option('-d, --deployment <file>', 'a deployment manifest for the edge device of `sim setup`')
    .option('-i, --inputs <names>', 'inputs of one module under test, "target", such as "input1,input2"')
    .option('-p, --port <n>', 'where messages for the inputs are posted; default 53000', port('--port'))
    .option('--edge-runtime-version <version>', "also -er: taken for iotedgehubdev's sake, and changes nothing");
}

function checkHost(host: string | undefined): void {
  if (host?.includes('://') !== true) return;
  throw new CliError(
    'UsageInvalid',
    `--host is "${host}": it is the name under which the simulator is reached; name a Docker Engine with -H`,
  );
}

/** The engine that runs modules; undefined where they are processes. */
function containersOf({ modulesAs, dockerHost }: StartFlags): { socketPath?: string } | undefined {
  if (dockerHost === undefined) return modulesAs === 'containers' ? {} : undefined;
  if (modulesAs === 'processes') {
    throw new CliError(
      'UsageInvalid',
      '--docker-host names an engine for containers, and --modules-as asks for processes',
    );
  }
  const [, socketPath] = /^unix:\/\/(\/.+)$/.exec(dockerHost) ?? [];
  if (socketPath !== undefined) return { socketPath };
  throw new CliError(
    'UsageInvalid',
    `--docker-host is "${dockerHost}": expected unix:///PATH, as the engine must be on this machine, to whose loopback edgeHub keeps`,
  );
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
    containers: containersOf(flags),
    showModuleOutput: flags.moduleLogs,
    edgeHttpsPort: flags.edgeHttpsPort,
    development: await developmentOf(invocation, flags),
    environment: flags.environment,
    signal: invocation.context.signal,
  });
  showInfo(invocation, simulator.info);
  invocation.terminal.say('the simulator runs; stop it with Ctrl-C or `edgewright sim stop`');
  await simulator.ended;
}

async function developmentOf(invocation: Invocation, flags: StartFlags): Promise<DevelopmentOptions | undefined> {
  const { deployment, inputs, port: inputPort } = flags;
  if (deployment !== undefined && inputs !== undefined) {
    throw new CliError('UsageInvalid', 'give either --deployment or --inputs: the module under test has no manifest');
  }
  if (inputs === undefined && inputPort !== undefined) {
    throw new CliError('UsageInvalid', '--port is where messages for --inputs are posted, and there are no inputs');
  }
  if (deployment !== undefined) return { deployment: await readManifest(invocation.path(deployment)) };
  if (inputs === undefined) return undefined;
  return {
    inputs: inputs.split(',').map((name) => name.trim()),
    ...(inputPort !== undefined && { inputPort }),
  };
}

async function readManifest(file: string): Promise<unknown> {
  try {
    return parseJson(await readFile(file, 'utf8'), file);
  } catch (cause) {
    throw new CliError('UsageInvalid', `cannot read the deployment manifest "${file}": ${messageOf(cause)}`, { cause });
  }
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
  containersOf(flags); // what is wrong with the flags is said here, and not in the log
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
    '--https-port': flags.httpsPort,
    '--mqtt-port': flags.mqttPort,
    '--http-port': flags.httpPort,
    '--hub-mqtt-port': flags.hubMqttPort,
  };
  const optional = {
    '--host': flags.host,
    '--deployment': flags.deployment,
    '--inputs': flags.inputs,
    '--port': flags.port,
    '--message-ack-timeout': flags.messageAckTimeout,
    '--modules-as': flags.modulesAs,
    '--edge-https-port': flags.edgeHttpsPort,
    '--docker-host': flags.dockerHost,
  };
  const given = Object.entries(optional).flatMap(([flag, value]) => (value === undefined ? [] : [flag, String(value)]));
  const authorities = (flags.deviceCa ?? []).flatMap((file) => ['--device-ca', file]);
  const variables = Object.entries(flags.environment ?? {}).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
  const own = Object.entries(values).flatMap(([flag, value]) => [flag, String(value)]);
  const logs = flags.moduleLogs === true ? ['--module-logs'] : [];
  return ['sim', 'start', ...own, ...given, ...logs, ...authorities, ...variables];
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
      ['edge device', info.development?.deviceId],
      ['test messages', info.development?.inputUrl],
      ['page', info.pageUrl],
      ['state', info.stateDirectory],
      ['process', String(info.processId ?? '')],
    ]),
  );
}
