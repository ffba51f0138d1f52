import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { platforms } from '@edgewright/contract';
import type { Platform } from '@edgewright/contract';
import type { Accelerator, ModuleSwitches } from '@edgewright/workspace';
import { CliError } from '../cli-error.ts';
import { collectPairs, oneOf, sizeBytes } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';

interface BuildFlags {
  readonly template: string;
  readonly platform: Platform;
  readonly set?: Record<string, string>;
  readonly image?: Record<string, string>;
  readonly envFile?: string;
  readonly outputFile?: string;
  readonly accelerator?: Record<string, string>;
  readonly memory?: Record<string, string>;
  readonly journal?: Record<string, string>;
  readonly metricsPort?: Record<string, string>;
  readonly registry?: Record<string, string>;
  readonly pin?: boolean;
}

/** Docker takes no less. */
const memoryBytes = sizeBytes('--memory', 6 * 2 ** 20);
const ACCELERATORS: readonly Accelerator[] = ['gpu', 'nvidia-runtime', 'fpga', 'ase-gpu', 'ase-fpga'];

/** `edgewright manifest build`. */
export function defineManifestBuild(group: Command, invocation: Invocation): void {
  const pairs = (command: Command, flag: string, text: string) =>
    command.option(flag, `${text}; may be given several times`, collectPairs(flag.split(' ')[0] ?? flag));
  const command = group
    .command('build')
    .description('make a deployment manifest, or a layer, from a template')
    .requiredOption('-t, --template <file>', 'the template, such as deployment-manifests/scorer.template.json')
    .option('--platform <name>', `the platform: ${platforms.join(', ')}`, oneOf('--platform', platforms), 'amd64')
    .option('--env-file <file>', 'a file of NAME=value lines; default: .env beside the template, if there is one')
    .option('--pin', 'name images by their digests, from the workspace or their registry')
    .option('-f, --output-file <file>', 'where to write it; default: config/<name>.<platform>.json');
  pairs(command, '--set <name=value>', 'a value for ${NAME}; wins over the environment, which wins over the file');
  pairs(command, '--image <module=reference>', 'the image for ${MODULES.module}');
  pairs(
    command,
    '--accelerator <module=kind>',
    `hardware for a module: ${ACCELERATORS.join(', ')}; fpga:/dev/A,/dev/B names device files`,
  );
  pairs(command, '--memory <module=size>', 'the most memory of a module, such as scorer=512m');
  pairs(command, '--journal <module=folder>', 'keep a folder of a module in a volume, for the journal of the scorer');
  pairs(command, '--metrics-port <module=port>', 'the port of Prometheus metrics of a module');
  pairs(
    command,
    '--registry <name=address>',
    'a registry with credentials from the variables NAME_USERNAME and NAME_PASSWORD',
  );
  command
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright manifest build -t deployment-manifests/scorer.template.json --image scorer=diabetes-scorer:1 --memory scorer=512m',
    )
    .action(async (flags: BuildFlags) => build(flags, invocation));
}

async function build(flags: BuildFlags, invocation: Invocation): Promise<void> {
  const built = await invocation.withWorkspace((workspace) =>
    workspace.manifests.buildDeployment({
      template: invocation.path(flags.template),
      platform: flags.platform,
      variables: flags.set ?? {},
      images: flags.image ?? {},
      environment: invocation.context.environment,
      switches: switchesOf(flags),
      registries: flags.registry ?? {},
      pin: flags.pin === true,
      ...(flags.envFile === undefined ? {} : { envFile: invocation.path(flags.envFile) }),
    }),
  );
  const file = invocation.path(flags.outputFile ?? path.join('config', built.outputName));
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.tmp`, JSON.stringify(built.manifest, null, 2));
  await rename(`${file}.tmp`, file);
  invocation.terminal.result({ file, manifest: built.manifest }, () => `wrote ${file}`);
}

type Changing<Value> = { -readonly [Name in keyof Value]: Value[Name] };

function switchesOf(flags: BuildFlags): Record<string, ModuleSwitches> {
  const switches: Record<string, Changing<ModuleSwitches>> = {};
  const of = (module: string) => (switches[module] ??= {});
  for (const [module, text] of Object.entries(flags.accelerator ?? {})) {
    const [kind = '', devices] = text.split(':', 2);
    of(module).accelerator = oneOf('--accelerator', ACCELERATORS)(kind);
    if (devices !== undefined) of(module).devices = devices.split(',');
  }
  for (const [module, text] of Object.entries(flags.memory ?? {})) of(module).memoryBytes = memoryBytes(text);
  for (const [module, text] of Object.entries(flags.journal ?? {})) {
    if (!text.startsWith('/'))
      throw new CliError(
        'UsageInvalid',
        `--journal is "${text}": expected a folder in the container, such as /journal`,
      );
    of(module).journal = text;
  }
  for (const [module, text] of Object.entries(flags.metricsPort ?? {})) {
    const port = Number(text);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new CliError('UsageInvalid', `--metrics-port is "${text}": expected a port from 1 to 65535`);
    }
    of(module).metricsPort = port;
  }
  return switches;
}
