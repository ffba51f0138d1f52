import type { Command } from 'commander';
import { backends, platforms } from '@edgewright/contract';
import type { Backend, InferenceConfig, Platform } from '@edgewright/contract';
import type { ImageSummary } from '@edgewright/workspace';
import { collect, listOf, oneOf } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { sizeText, textTable } from '../text-table.ts';

/** `edgewright image build|list`. */
export function defineImage(program: Command, invocation: Invocation): void {
  const group = program.command('image').description('pack models into container images, without Docker');
  defineBuild(group, invocation);
  defineList(group, invocation);
}

interface BuildFlags {
  readonly model: string[];
  readonly inferenceConfigFile?: string;
  readonly tag?: string;
  readonly entryScript?: string;
  readonly sourceDirectory?: string;
  readonly baseImage?: string;
  readonly nodeRuntime?: InferenceConfig['nodeRuntime'];
  readonly backend?: Backend;
  readonly platforms?: Platform[];
  readonly description?: string;
}

function defineBuild(group: Command, invocation: Invocation): void {
  group
    .command('build')
    .description('build one image for all platforms from registered models and an entry script')
    .requiredOption('-m, --model <id>', 'a registered model, NAME or NAME:VERSION; may be given several times', collect)
    .option('--ic, --inference-config-file <file>', 'the inference configuration, JSON or YAML')
    .option('-t, --tag <name:tag>', "the image's name; default: the model's name and version")
    .option('--es, --entry-script <file>', 'overrides entryScript')
    .option('--sd, --source-directory <dir>', 'overrides sourceDirectory')
    .option('--bi, --base-image <ref>', 'overrides baseImage: scratch or oci:PATH[:TAG]')
    .option(
      '--node-runtime <where>',
      'overrides nodeRuntime: base or bundled',
      oneOf('--node-runtime', ['base', 'bundled']),
    )
    .option('--backend <name>', `overrides backend: ${backends.join(', ')}`, oneOf('--backend', backends))
    .option(
      '--platforms <list>',
      `overrides platforms: some of ${platforms.join(',')}`,
      listOf('--platforms', platforms),
    )
    .option('-d, --description <text>', 'overrides description')
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright image build -m diabetes:1 --ic inferenceconfig.json -t diabetes-scorer:1',
    )
    .action(async (flags: BuildFlags) => {
      const { model: models, inferenceConfigFile, tag } = flags;
      const image = await invocation.withWorkspace((workspace) =>
        workspace.images.build({
          models,
          overrides: overridesOf(flags),
          configDirectory: invocation.context.currentDirectory,
          ...(inferenceConfigFile === undefined ? {} : { inferenceConfig: invocation.path(inferenceConfigFile) }),
          ...(tag === undefined ? {} : { tag }),
          signal: invocation.context.signal,
        }),
      );
      invocation.terminal.result(image, () => imageText(image));
    });
}

function overridesOf(flags: BuildFlags): Partial<InferenceConfig> {
  const { entryScript, sourceDirectory, baseImage, nodeRuntime, backend, platforms: chosen, description } = flags;
  return {
    ...(entryScript === undefined ? {} : { entryScript }),
    ...(sourceDirectory === undefined ? {} : { sourceDirectory }),
    ...(baseImage === undefined ? {} : { baseImage }),
    ...(nodeRuntime === undefined ? {} : { nodeRuntime }),
    ...(backend === undefined ? {} : { backend }),
    ...(chosen === undefined ? {} : { platforms: chosen }),
    ...(description === undefined ? {} : { description }),
  };
}

function defineList(group: Command, invocation: Invocation): void {
  group
    .command('list')
    .description('list the images of the workspace')
    .addHelpText('after', '\nExample:\n  $ edgewright image list')
    .action(async () => {
      const images = await invocation.withWorkspace((workspace) => workspace.images.list());
      invocation.terminal.result({ images }, () =>
        images.length === 0
          ? 'no images'
          : textTable(images, [
              { heading: 'IMAGE', cell: (image) => image.reference },
              { heading: 'DIGEST', cell: (image) => image.digest.slice(0, 19) },
              { heading: 'PLATFORMS', cell: (image) => image.platforms.map(({ platform }) => platform).join(', ') },
              { heading: 'SIZE', cell: (image) => sizeText(image.totalBytes), align: 'right' },
            ]),
      );
    });
}

function imageText(image: ImageSummary): string {
  const rows = image.platforms.flatMap(({ platform, layers }) =>
    layers.map((layer, i) => ({ platform: i === 0 ? platform : '', layer })),
  );
  const table = textTable(rows, [
    { heading: 'PLATFORM', cell: ({ platform }) => platform },
    { heading: 'LAYER', cell: ({ layer }) => layer.role },
    { heading: 'DIGEST', cell: ({ layer }) => layer.digest.slice(0, 19) },
    { heading: 'SIZE', cell: ({ layer }) => sizeText(layer.sizeBytes), align: 'right' },
  ]);
  return `${image.reference}  ${image.digest}\n\n${table}\n\ntogether ${sizeText(image.totalBytes)}, shared layers counted once`;
}
