import type { Platform } from '@edgewright/contract';
import { isLocalTarget } from '@edgewright/workspace';
import type { ExportedImage, PushedImage, Workspace } from '@edgewright/workspace';
import { CliError } from './cli-error.ts';
import { exportedText, pushedText } from './image-text.ts';
import type { Invocation } from './invocation.ts';
import { registryOptions } from './registry-flags.ts';
import type { RegistryFlags } from './registry-flags.ts';

/** Where an image is to go. */
export interface DeliverFlags extends RegistryFlags {
  readonly to?: string;
  readonly platform?: Platform;
  readonly mountFrom?: string[];
}

/** Where an image is now, and the same for people. */
export interface DeliveredImage {
  readonly value: PushedImage | ExportedImage;
  readonly text: string;
}

/** Pushes an image to a registry, or writes it to a file, a folder or an engine, by what the target is. */
export async function deliverImage(
  workspace: Workspace,
  image: string,
  { flags, invocation }: { readonly flags: DeliverFlags; readonly invocation: Invocation },
): Promise<DeliveredImage> {
  const { signal, currentDirectory: directory } = invocation.context;
  const { to: target, platform, mountFrom } = flags;
  if (target !== undefined && isLocalTarget(target)) {
    const chosen = platform === undefined ? {} : { platform };
    const value = await workspace.images.export({ image, target, directory, signal, ...chosen });
    return { value, text: exportedText(value) };
  }
  if (platform !== undefined) {
    const reason = '--platform is for docker-archive and docker-daemon: a registry takes all platforms';
    throw new CliError('UsageInvalid', reason);
  }
  const value = await workspace.images.push({
    image,
    registry: registryOptions(flags, invocation),
    ...(target === undefined ? {} : { target }),
    ...(mountFrom === undefined ? {} : { mountFrom }),
    signal,
  });
  return { value, text: pushedText(value) };
}
