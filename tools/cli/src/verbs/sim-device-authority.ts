import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { messageOf } from '@edgewright/contract';
import type { WorkspaceSimulator } from '@edgewright/workspace';
import { CliError } from '../cli-error.ts';
import { wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { keyValues } from '../text-table.ts';

interface AuthorityFlags {
  readonly outputDir: string;
  readonly validDays: number;
  readonly force?: boolean;
  readonly trustedCa?: string;
  readonly trustedCaKey?: string;
  readonly trustedCaKeyPassphrase?: string;
}

type DeviceAuthorityFiles = Awaited<ReturnType<WorkspaceSimulator['makeDeviceAuthority']>>;

/** `edgewright sim generatedeviceca`: an authority for a real IoT Edge device. */
export function defineSimDeviceAuthority(group: Command, invocation: Invocation): void {
  group
    .command('generatedeviceca')
    .description('make the authority of a real IoT Edge device; the simulator itself needs none')
    .option('-o, --output-dir <dir>', 'where its files go', '.')
    .option('-d, --valid-days <n>', 'how long it is valid', wholeNumber('--valid-days', 1, 3650), 90)
    .option('-f, --force', 'put new files in the place of old ones')
    .option('-c, --trusted-ca <file>', 'PEM: who signs it; without it a root is made as well')
    .option('-k, --trusted-ca-key <file>', 'PEM: the key of --trusted-ca')
    .option('-p, --trusted-ca-key-passphrase <text>', 'of that key')
    .addHelpText('after', '\nExample:\n  $ edgewright sim generatedeviceca -o certs')
    .action(async (flags: AuthorityFlags) => {
      const trusted = await readTrusted(invocation, flags);
      const files = await invocation.withWorkspace((workspace) =>
        workspace.simulator.makeDeviceAuthority({
          directory: invocation.path(flags.outputDir),
          validDays: flags.validDays,
          overwrite: flags.force === true,
          ...(trusted !== undefined && { trusted }),
        }),
      );
      invocation.terminal.result(files, () => filesText(files));
    });
}

async function readTrusted(invocation: Invocation, flags: AuthorityFlags) {
  const { trustedCa, trustedCaKey, trustedCaKeyPassphrase: passphrase } = flags;
  if (trustedCa === undefined && trustedCaKey === undefined && passphrase === undefined) return undefined;
  if (trustedCa === undefined || trustedCaKey === undefined) {
    throw new CliError('UsageInvalid', '--trusted-ca and --trusted-ca-key belong together');
  }
  return {
    certificate: await read(invocation, '--trusted-ca', trustedCa),
    key: await read(invocation, '--trusted-ca-key', trustedCaKey),
    ...(passphrase !== undefined && { passphrase }),
  };
}

async function read(invocation: Invocation, flag: string, file: string): Promise<string> {
  try {
    return await readFile(invocation.path(file), 'utf8');
  } catch (cause) {
    throw new CliError('UsageInvalid', `cannot read ${flag} "${file}": ${messageOf(cause)}`, { cause });
  }
}

/** The files, and the lines of a device's /etc/aziot/config.toml that they belong into. */
function filesText(files: DeviceAuthorityFiles): string {
  const shown = keyValues([
    ['certificate', files.certificateFile],
    ['key', files.keyFile],
    ['trusted', files.trustedCertificateFile],
    ['its key', files.trustedKeyFile],
  ]);
  return `${shown}

In the device's config.toml:

trust_bundle_cert = "file://${files.trustedCertificateFile}"

[edge_ca]
cert = "file://${files.certificateFile}"
pk = "file://${files.keyFile}"`;
}
