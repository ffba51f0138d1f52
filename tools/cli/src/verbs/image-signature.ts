import type { Command } from 'commander';
import { readTextFile } from '@edgewright/workspace';
import type { Invocation } from '../invocation.ts';
import { keyValues } from '../text-table.ts';

/** Decrypts a private key; never a flag, because a command line is seen by others. */
export function passphraseOf(invocation: Invocation): string | undefined {
  return invocation.context.environment['EDGEWRIGHT_KEY_PASSPHRASE'];
}

/** `edgewright image sign`. */
export function defineImageSign(group: Command, invocation: Invocation): void {
  group
    .command('sign <image>')
    .description('sign an image and the models in it, in the form of cosign; a push takes the signatures along')
    .requiredOption('--key <file>', 'a private key, ECDSA P-256, PEM; see "edgewright key create"')
    .addHelpText('after', '\nExample:\n  $ edgewright image sign diabetes-scorer:1 --key release.key')
    .action(async (image: string, flags: { key: string }) => {
      const privateKey = await readTextFile(invocation.path(flags.key), 'the private key');
      const passphrase = passphraseOf(invocation);
      const signed = await invocation.withWorkspace((workspace) =>
        workspace.images.sign({ image, privateKey, ...(passphrase === undefined ? {} : { passphrase }) }),
      );
      invocation.terminal.result(signed, () =>
        keyValues([
          ['signed', `${signed.reference}  ${signed.digest}`],
          ['models', signed.models.join(', ') || undefined],
          ['key', signed.keyId],
          // what the desired properties of a module want: sha256 and signature
          ...signed.files.map((file): [string, string] => ['file', `${file.path}  ${file.sha256}  ${file.signature}`]),
        ]),
      );
    });
}

interface VerifyFlags {
  readonly key?: string;
  readonly inferenceConfigFile?: string;
  readonly rebuild?: boolean;
}

/** `edgewright image verify`. */
export function defineImageVerify(group: Command, invocation: Invocation): void {
  group
    .command('verify <image>')
    .description('check the digests of an image, its signature, and that building it again gives the same image')
    .option('--key <file>', 'a public key, PEM: the image and its models must be signed by it')
    .option('--ic, --inference-config-file <file>', 'build it again from this configuration, and compare')
    .option('--rebuild', 'build it again, without a configuration file')
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright image verify diabetes-scorer:1 --key release.pub --ic inferenceconfig.json',
    )
    .action(async (image: string, flags: VerifyFlags) => {
      const { key, inferenceConfigFile: file, rebuild } = flags;
      const { currentDirectory, signal } = invocation.context;
      const publicKey = key === undefined ? undefined : await readTextFile(invocation.path(key), 'the public key');
      const config = file === undefined ? {} : { inferenceConfig: invocation.path(file) };
      const wantsRebuild = file !== undefined || rebuild === true;
      const verified = await invocation.withWorkspace((workspace) =>
        workspace.images.verify({
          image,
          signal,
          ...(publicKey === undefined ? {} : { publicKey }),
          ...(wantsRebuild ? { rebuild: { ...config, configDirectory: currentDirectory } } : {}),
        }),
      );
      invocation.terminal.result(verified, () =>
        keyValues([
          ['image', `${verified.reference}  ${verified.digest}`],
          ['digests', `${verified.blobs} blobs, all as they should be`],
          ['signed by', verified.keyId ?? 'not checked: no --key was given'],
          [
            'built again',
            verified.rebuilt ? 'the same to the byte' : 'not checked: no --ic and no --rebuild was given',
          ],
        ]),
      );
    });
}
