import type { Command } from 'commander';
import { createSigningKey } from '@edgewright/workspace';
import type { Invocation } from '../invocation.ts';
import { passphraseOf } from './image-signature.ts';

/** `edgewright key create`. */
export function defineKey(program: Command, invocation: Invocation): void {
  const group = program.command('key').description('make keys for signatures');
  group
    .command('create <name>')
    .description('make an ECDSA P-256 key: NAME.key, which signs, and NAME.pub, which checks')
    .addHelpText(
      'after',
      '\nThe private key is encrypted when EDGEWRIGHT_KEY_PASSPHRASE is set.\n\nExample:\n  $ edgewright key create release',
    )
    .action(async (name: string) => {
      const files = await createSigningKey(invocation.path(name), passphraseOf(invocation));
      invocation.terminal.result(files, () => `wrote ${files.privateKeyFile} and ${files.publicKeyFile}`);
    });
}
