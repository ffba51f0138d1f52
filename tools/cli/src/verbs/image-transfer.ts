import type { Command } from 'commander';
import { platforms } from '@edgewright/contract';
import { deliverImage } from '../deliver-image.ts';
import type { DeliverFlags } from '../deliver-image.ts';
import { collect, oneOf } from '../flag-values.ts';
import { imageText } from '../image-text.ts';
import type { Invocation } from '../invocation.ts';
import { addRegistryFlags, registryOptions } from '../registry-flags.ts';
import type { RegistryFlags } from '../registry-flags.ts';

/** `edgewright image push`. */
export function defineImagePush(group: Command, invocation: Invocation): void {
  const verb = group
    .command('push <image>')
    .description(
      'send an image of the workspace to a registry, a file or a Docker Engine; what is there already is not sent',
    )
    .option(
      '--to <target>',
      "REGISTRY/REPOSITORY:TAG (default: the image's own name), docker-archive:FILE, docker-daemon:[NAME:TAG] or oci:FOLDER[:TAG]",
    )
    .option(
      '--platform <name>',
      `with docker-archive and docker-daemon: one of ${platforms.join(', ')}; default: what fits the machine`,
      oneOf('--platform', platforms),
    )
    .option(
      '--mount-from <repository>',
      'a repository of the same registry that may have some of the layers; may be given several times',
      collect,
    );
  addRegistryFlags(verb)
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright image push diabetes-scorer:1 --to example.azurecr.io/diabetes-scorer:1',
    )
    .action(async (image: string, flags: DeliverFlags) => {
      const delivered = await invocation.withWorkspace((workspace) =>
        deliverImage(workspace, image, { flags, invocation }),
      );
      invocation.terminal.result(delivered.value, () => delivered.text);
    });
}

/** `edgewright image pull`. */
export function defineImagePull(group: Command, invocation: Invocation): void {
  const verb = group
    .command('pull <reference>')
    .description('bring an image from a registry into the workspace, all its platforms');
  addRegistryFlags(verb)
    .addHelpText('after', '\nExample:\n  $ edgewright image pull example.azurecr.io/diabetes-scorer:1')
    .action(async (reference: string, flags: RegistryFlags) => {
      const image = await invocation.withWorkspace((workspace) =>
        workspace.images.pull({
          reference,
          registry: registryOptions(flags, invocation),
          signal: invocation.context.signal,
        }),
      );
      invocation.terminal.result(image, () => imageText(image));
    });
}
