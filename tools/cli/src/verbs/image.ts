import type { Command } from 'commander';
import type { ImageSummary, Workspace } from '@edgewright/workspace';
import { addBuildFlags, overridesOf } from '../build-flags.ts';
import type { BuildFlags } from '../build-flags.ts';
import { deliverImage } from '../deliver-image.ts';
import type { DeliveredImage, DeliverFlags } from '../deliver-image.ts';
import { collect } from '../flag-values.ts';
import { imageDetailsText, imageText } from '../image-text.ts';
import type { Invocation } from '../invocation.ts';
import { addRegistryFlags, registryOptions } from '../registry-flags.ts';
import { sizeText, textTable } from '../text-table.ts';
import { defineImageSign, defineImageVerify } from './image-signature.ts';
import { defineImagePull, defineImagePush } from './image-transfer.ts';

/** `edgewright image build|push|pull|list|show|sign|verify|delete`. */
export function defineImage(program: Command, invocation: Invocation): void {
  const group = program.command('image').description('pack models into container images, without Docker');
  defineBuild(group, invocation);
  defineImagePush(group, invocation);
  defineImagePull(group, invocation);
  defineList(group, invocation);
  defineShow(group, invocation);
  defineImageSign(group, invocation);
  defineImageVerify(group, invocation);
  defineDelete(group, invocation);
}

interface ImageBuildFlags extends DeliverFlags, BuildFlags {
  readonly push?: boolean;
  readonly attest?: boolean;
  readonly model: string[];
  readonly tag?: string;
}

function defineBuild(group: Command, invocation: Invocation): void {
  const verb = group
    .command('build')
    .description('build one image for all platforms from registered models and an entry script')
    .requiredOption('-m, --model <id>', 'a registered model, NAME or NAME:VERSION; may be given several times', collect)
    .option('-t, --tag <name:tag>', "the image's name; default: the model's name and version")
    .option('--no-attest', 'without SBOM, provenance, model cards and licences beside the image')
    .option('--push', 'send it to the registry of its name as well')
    .option('--to <target>', 'send it there as well: what "image push --to" takes');
  addRegistryFlags(addBuildFlags(verb))
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright image build -m diabetes:1 --ic inferenceconfig.json -t diabetes-scorer:1',
    )
    .action(async (flags: ImageBuildFlags) => {
      const { image, delivered } = await invocation.withWorkspace((workspace) =>
        buildAndDeliver(workspace, flags, invocation),
      );
      const value = delivered === undefined ? image : { ...image, delivered: delivered.value };
      invocation.terminal.result(value, () =>
        delivered === undefined ? imageText(image) : `${imageText(image)}\n\n${delivered.text}`,
      );
    });
}

async function buildAndDeliver(
  workspace: Workspace,
  flags: ImageBuildFlags,
  invocation: Invocation,
): Promise<{ readonly image: ImageSummary; readonly delivered?: DeliveredImage }> {
  const { model: models, inferenceConfigFile, tag } = flags;
  // credentials of flags are for where the image goes; those of its base stand in the configuration, or in Docker's file
  const { credentials: _, ...registry } = registryOptions(flags, invocation);
  const image = await workspace.images.build({
    models,
    overrides: overridesOf(flags),
    configDirectory: invocation.context.currentDirectory,
    registry,
    attest: flags.attest !== false,
    ...(inferenceConfigFile === undefined ? {} : { inferenceConfig: invocation.path(inferenceConfigFile) }),
    ...(tag === undefined ? {} : { tag }),
    signal: invocation.context.signal,
  });
  if (flags.push !== true && flags.to === undefined) return { image };
  return { image, delivered: await deliverImage(workspace, image.reference, { flags, invocation }) };
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

function defineShow(group: Command, invocation: Invocation): void {
  group
    .command('show <image>')
    .description('show the layers of an image, how it starts, and its labels')
    .addHelpText('after', '\nExample:\n  $ edgewright image show diabetes-scorer:1')
    .action(async (reference: string) => {
      const image = await invocation.withWorkspace((workspace) => workspace.images.show(reference));
      invocation.terminal.result(image, () => imageDetailsText(image));
    });
}

function defineDelete(group: Command, invocation: Invocation): void {
  group
    .command('delete <image>')
    .description('delete an image of the workspace, and the layers that no other one has')
    .addHelpText('after', '\nExample:\n  $ edgewright image delete diabetes-scorer:1')
    .action(async (reference: string) => {
      const deleted = await invocation.withWorkspace((workspace) => workspace.images.delete(reference));
      invocation.terminal.result(
        deleted,
        () => `deleted ${deleted.reference}, ${sizeText(deleted.freedBytes)} are free now`,
      );
    });
}
