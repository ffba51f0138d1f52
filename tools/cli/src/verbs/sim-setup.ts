import { lookup } from 'node:dns/promises';
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { messageOf } from '@edgewright/contract';
import { CliError } from '../cli-error.ts';
import type { Invocation } from '../invocation.ts';
import { keyValues } from '../text-table.ts';

const stateFlag = ['--state <dir>', 'the state folder of the simulator; default: simulator in the workspace'] as const;

interface SetupFlags {
  readonly connectionString?: string;
  readonly iothubConnectionString?: string;
  readonly gatewayHost?: string;
  readonly state?: string;
}

interface CredentialFlags {
  readonly modules: string;
  readonly local?: boolean;
  readonly outputFile?: string;
  readonly state?: string;
}

/** `edgewright sim setup|modulecred|validateconfig`: the verbs of iotedgehubdev beside start and stop. */
export function defineSimSetup(group: Command, invocation: Invocation): void {
  group
    .command('setup')
    .description('say which edge device `sim start -d` and `sim start -i` are about; nothing is asked of Azure')
    .option('-c, --connection-string <text>', 'of the edge device: its id and key are taken over; default: edge-device')
    .option('-i, --iothub-connection-string <text>', "taken for iotedgehubdev's sake, and not used: no hub is asked")
    .option('-g, --gateway-host <name>', 'the name under which modules reach the device; default: localhost')
    .option(...stateFlag)
    .addHelpText('after', `\nExample:\n  $ edgewright sim setup -c "HostName=hub;DeviceId=plant-1;SharedAccessKey=…"`)
    .action(async (flags: SetupFlags) => {
      if (flags.iothubConnectionString !== undefined) {
        invocation.terminal.say('--iothub-connection-string is not used: the simulator is the hub, and asks no other');
      }
      const { deviceId, host } = await invocation.withWorkspace((workspace) =>
        workspace.simulator.setup({
          state: stateOf(invocation, flags),
          connectionString: flags.connectionString,
          host: flags.gatewayHost,
        }),
      );
      const shown = { deviceId, host: host ?? 'localhost' };
      invocation.terminal.result(shown, () => keyValues(Object.entries(shown)));
    });
  group
    .command('validateconfig')
    .description('check what `sim setup` was told')
    .option(...stateFlag)
    .addHelpText('after', '\nExample:\n  $ edgewright sim validateconfig')
    .action(async (flags: { state?: string }) => {
      const {
        deviceId,
        host = 'localhost',
        file,
      } = await invocation.withWorkspace((workspace) =>
        workspace.simulator.readSetup({ state: stateOf(invocation, flags) }),
      );
      if (file === undefined) {
        throw new CliError('UsageInvalid', 'there is no setup yet: run `edgewright sim setup`');
      }
      await checkHost(host);
      invocation.terminal.result({ valid: true, deviceId, host, file }, () => `${file} is good`);
    });
  defineCredentials(group, invocation);
}

function defineCredentials(group: Command, invocation: Invocation): void {
  group
    .command('modulecred')
    .description('the variables with which modules join the edge device of `sim setup`; the simulator must run')
    .option('-m, --modules <names>', 'modules, such as "a|b"; made when they are not there', 'target')
    .option('-l, --local', 'put localhost in the place of the gateway name')
    .option('-o, --output-file <file>', 'write them there too; what is in it is replaced')
    .option(...stateFlag)
    .addHelpText('after', '\nExample:\n  $ edgewright sim modulecred -m "filter|scorer" -o modules.env')
    .action(async (flags: CredentialFlags) => {
      const variables = await credentialsOf(invocation, flags);
      const text = Object.entries(variables)
        .map(([name, value]) => `${name}=${value}`)
        .join('\n');
      if (flags.outputFile !== undefined) {
        await writeFile(invocation.path(flags.outputFile), `${text}\n`, { mode: 0o600 });
      }
      invocation.terminal.result(variables, () => text);
    });
}

async function credentialsOf(invocation: Invocation, flags: CredentialFlags): Promise<Record<string, string>> {
  const names = flags.modules
    .split('|')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw new CliError('UsageInvalid', `--modules is "${flags.modules}": expected "a" or "a|b"`);
  const state = stateOf(invocation, flags);
  return await invocation.withWorkspace(async (workspace) => {
    const simulator = await workspace.simulator.connect({ state });
    const deviceId = simulator.info.development?.deviceId ?? (await workspace.simulator.readSetup({ state })).deviceId;
    const strings: string[] = [];
    for (const name of names) {
      const { connectionString } = await simulator.moduleCredentials(deviceId, name);
      const local = connectionString.replace(/GatewayHostName=[^:;]+/, 'GatewayHostName=localhost');
      strings.push(flags.local === true ? local : connectionString);
    }
    return { EdgeHubConnectionString: strings.join('|'), EdgeModuleCACertificateFile: simulator.info.caFile };
  });
}

async function checkHost(host: string): Promise<void> {
  let address: string;
  try {
    ({ address } = await lookup(host));
  } catch (cause) {
    throw new CliError('UsageInvalid', `the gateway name "${host}" has no address: ${messageOf(cause)}`, { cause });
  }
  if (address === '::1' || address.startsWith('127.')) return;
  throw new CliError(
    'UsageInvalid',
    `the gateway name "${host}" is ${address}, but the simulator listens on this machine's loopback only; choose localhost`,
  );
}

function stateOf(invocation: Invocation, { state }: { readonly state?: string }): string | undefined {
  return state === undefined ? undefined : invocation.path(state);
}
