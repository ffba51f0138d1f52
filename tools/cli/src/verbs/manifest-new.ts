import type { Command } from 'commander';
import { collect } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';

/** `edgewright manifest new`. */
export function defineManifestNew(group: Command, invocation: Invocation): void {
  group
    .command('new')
    .description('write the files of a solution: template, .env and .gitignore')
    .argument('<folder>', 'the folder; made when it is not there')
    .option('-m, --module <name>', 'a module; may be given several times; default: scorer', collect)
    .option('--layered', 'a layer for devices that have a base deployment')
    .addHelpText('after', '\nExample:\n  $ edgewright manifest new plant -m sensor -m scorer')
    .action(async (folder: string, flags: { module?: string[]; layered?: boolean }) => {
      const files = await invocation.withWorkspace((workspace) =>
        workspace.manifests.new({
          folder: invocation.path(folder),
          modules: flags.module ?? ['scorer'],
          layered: flags.layered === true,
        }),
      );
      invocation.terminal.result({ files }, () => files.map((file) => `wrote ${file}`).join('\n'));
    });
}
