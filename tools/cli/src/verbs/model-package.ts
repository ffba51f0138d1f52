import type { Command } from 'commander';
import type { PackagedImage } from '@edgewright/workspace';
import { addBuildFlags, overridesOf } from '../build-flags.ts';
import type { BuildFlags } from '../build-flags.ts';
import { CliError } from '../cli-error.ts';
import { collect } from '../flag-values.ts';
import { imageText } from '../image-text.ts';
import type { Invocation } from '../invocation.ts';
import { addRegistryFlags, registryOptions } from '../registry-flags.ts';
import type { RegistryFlags } from '../registry-flags.ts';

interface PackageFlags extends RegistryFlags, BuildFlags {
  readonly model?: string[];
  readonly name?: string;
  readonly modelPath?: string;
  readonly imageName?: string;
  readonly imageLabel?: string;
  readonly push?: boolean;
  readonly generateDockerfile?: boolean;
  readonly outputPath?: string;
}

/** `edgewright model package`, with the flags of `az ml model package`. */
export function defineModelPackage(group: Command, invocation: Invocation): void {
  const verb = group
    .command('package')
    .description('register a model when it is not yet, build an image of it, and push it; one line a stage')
    .option('-m, --model <id>', 'a registered model, NAME or NAME:VERSION; may be given several times', collect)
    .option('-n, --name <name>', 'with --model-path: the name under which it is registered first')
    .option('-p, --model-path <path>', 'a model file or folder')
    .option('--in, --image-name <name>', "the image's name, with its registry; default: the model's name")
    .option('--il, --image-label <tag>', "the image's tag; default: the model's version")
    .option('--push', "send it to the registry of the image's name")
    .option('--generate-dockerfile', 'write a Docker context as well, for docker build')
    .option('--output-path <dir>', 'the folder of the Docker context');
  addRegistryFlags(addBuildFlags(verb))
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright model package -n diabetes -p diabetes.onnx --ic inferenceconfig.json --in example.azurecr.io/diabetes --il 1 --push',
    )
    .action(async (flags: PackageFlags) => {
      const packaged = await runPackage(flags, invocation);
      invocation.terminal.result(packaged, () => imageText(packaged.image));
    });
}

async function runPackage(flags: PackageFlags, invocation: Invocation): Promise<PackagedImage> {
  const { model: models = [], name, modelPath, inferenceConfigFile, outputPath } = flags;
  if (modelPath === undefined && models.length === 0) {
    throw new CliError('UsageInvalid', 'no model was named: give --model, or --name and --model-path');
  }
  if ((modelPath === undefined) !== (name === undefined)) {
    throw new CliError('UsageInvalid', '--name and --model-path belong together: they register a model');
  }
  if ((flags.generateDockerfile === true) !== (outputPath !== undefined)) {
    throw new CliError('UsageInvalid', '--generate-dockerfile and --output-path belong together');
  }
  const { credentials: _, ...registry } = registryOptions(flags, invocation);
  const { signal, currentDirectory: configDirectory } = invocation.context;
  return await invocation.withWorkspace(async (workspace) => {
    const tag = await tagOf(flags, async (reference) => (await workspace.models.show(reference)).version);
    if (flags.push === true && tag === undefined)
      throw new CliError('UsageInvalid', '--push needs --image-name, with a registry');
    return await workspace.packageModel({
      models,
      configDirectory,
      registry,
      pushRegistry: registryOptions(flags, invocation),
      signal,
      overrides: overridesOf(flags),
      ...(name === undefined || modelPath === undefined
        ? {}
        : { register: { name, path: invocation.path(modelPath), signal } }),
      ...(inferenceConfigFile === undefined ? {} : { inferenceConfig: invocation.path(inferenceConfigFile) }),
      ...(tag === undefined ? {} : { tag }),
      ...(flags.push === true && tag !== undefined ? { push: tag } : {}),
      ...(outputPath === undefined ? {} : { contextDirectory: invocation.path(outputPath) }),
    });
  });
}

/** `NAME:TAG`; undefined when neither was given. */
async function tagOf(
  flags: PackageFlags,
  versionOf: (reference: string) => Promise<number>,
): Promise<string | undefined> {
  const { imageName, imageLabel, model: [first] = [] } = flags;
  if (imageName === undefined && imageLabel === undefined) return undefined;
  const name = imageName ?? flags.name ?? first?.split(':')[0] ?? '';
  if (imageLabel !== undefined) return `${name}:${imageLabel}`;
  return first === undefined ? `${name}:latest` : `${name}:${await versionOf(first)}`;
}
