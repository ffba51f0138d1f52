import type { Command } from 'commander';
import { collect } from '../flag-values.ts';
import { imageText, pushedText } from '../image-text.ts';
import type { Invocation } from '../invocation.ts';
import { addRegistryFlags, registryOptions } from '../registry-flags.ts';
import type { RegistryFlags } from '../registry-flags.ts';

interface PushFlags extends RegistryFlags {
  readonly to?: string;
  readonly mountFrom?: string[];
}

/** `edgewright image push`. */
export function defineImagePush(group: Command, invocation: Invocation): void {
  const verb = group
    .command('push <image>')
    .description('send an image of the workspace to a registry; what is there already is not sent')
    .option('--to <reference>', "REGISTRY/REPOSITORY:TAG; default: the image's own name")
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
    .action(async (image: string, flags: PushFlags) => {
      const pushed = await invocation.withWorkspace((workspace) =>
        workspace.images.push({
          image,
          registry: registryOptions(flags, invocation),
          ...(flags.to === undefined ? {} : { target: flags.to }),
          ...(flags.mountFrom === undefined ? {} : { mountFrom: flags.mountFrom }),
          signal: invocation.context.signal,
        }),
      );
      invocation.terminal.result(pushed, () => pushedText(pushed));
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
