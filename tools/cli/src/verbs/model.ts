import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { modelFrameworks } from '@edgewright/contract';
import type { Model } from '@edgewright/contract';
import { CliError } from '../cli-error.ts';
import { collectPairs, oneOf, wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { modelTable, modelText, pairTexts } from '../model-text.ts';
import { addRunFlags, sourceOf } from '../run-flags.ts';
import type { RunFlags } from '../run-flags.ts';
import { addResourceFlags, resourcesOf } from '../resource-flags.ts';
import type { ResourceFlags } from '../resource-flags.ts';
import { defineModelDelete, defineModelDownload, defineModelUpdate } from './model-change.ts';
import { defineModelPackage } from './model-package.ts';

/** `edgewright model register|list|show|update|download|delete|package`, with the flags of `az ml model`. */
export function defineModel(program: Command, invocation: Invocation): void {
  const group = program.command('model').description('register models, look them up, change and delete them');
  defineRegister(group, invocation);
  defineList(group, invocation);
  defineShow(group, invocation);
  defineModelUpdate(group, invocation);
  defineModelDownload(group, invocation);
  defineModelDelete(group, invocation);
  defineModelPackage(group, invocation);
}

interface RegisterFlags extends ResourceFlags, RunFlags {
  readonly outputMetadataFile?: string;
  readonly name: string;
  readonly modelPath?: string;
  readonly description?: string;
  readonly tag?: Record<string, string>;
  readonly property?: Record<string, string>;
  readonly modelFramework?: Model['framework'];
  readonly modelFrameworkVersion?: string;
}

function defineRegister(group: Command, invocation: Invocation): void {
  const verb = group
    .command('register')
    .description('store a model file or folder as the next version of a name')
    .requiredOption('-n, --name <name>', 'the name of the model')
    .option('-p, --model-path <path>', 'a model file, or a folder')
    .option('-d, --description <text>', 'a text for people')
    .option('--tag <key=value>', 'a tag; may be given several times', collectPairs('--tag'))
    .option(
      '--property <key=value>',
      'a property, which can never be changed; may be given several times',
      collectPairs('--property'),
    )
    .option(
      '--model-framework <name>',
      `one of ${modelFrameworks.join(', ')}; default: by what the file is`,
      oneOf('--model-framework', modelFrameworks),
    )
    .option('--model-framework-version <version>', 'the version of the framework')
    .option('-t, --output-metadata-file <file>', 'write the id of the model there, as JSON (modelId), for scripts');
  addRunFlags(addResourceFlags(verb))
    .addHelpText('after', '\nExample:\n  $ edgewright model register -n diabetes -p diabetes.onnx --tag area=health')
    .action(async (flags: RegisterFlags) => {
      const resourceConfiguration = resourcesOf(flags);
      const given = {
        name: flags.name,
        ...(flags.description === undefined ? {} : { description: flags.description }),
        ...(flags.tag === undefined ? {} : { tags: flags.tag }),
        ...(flags.property === undefined ? {} : { properties: flags.property }),
        ...(flags.modelFramework === undefined ? {} : { framework: flags.modelFramework }),
        ...(flags.modelFrameworkVersion === undefined ? {} : { frameworkVersion: flags.modelFrameworkVersion }),
        ...(resourceConfiguration === undefined ? {} : { resourceConfiguration }),
        signal: invocation.context.signal,
      };
      const source = await sourceOf(flags, invocation);
      const model = await invocation.withWorkspace((workspace) =>
        'path' in source
          ? workspace.models.register({ ...given, ...source })
          : workspace.models.registerFromRun({ ...given, ...source }),
      );
      if (flags.outputMetadataFile !== undefined) {
        await writeFile(invocation.path(flags.outputMetadataFile), `${JSON.stringify({ modelId: model.id })}\n`);
      }
      invocation.terminal.result(model, () => modelText(model));
    });
}

interface ListFlags {
  readonly name?: string;
  readonly latest?: boolean;
  readonly tag?: Record<string, string>;
  readonly property?: Record<string, string>;
  readonly pageSize?: number;
  readonly nextToken?: string;
}

function defineList(group: Command, invocation: Invocation): void {
  group
    .command('list')
    .description('list registered models, newest version first')
    .option('-n, --name <name>', 'only this name')
    .option('-l, --latest', 'only the latest version of each name')
    .option('--tag <key=value>', 'only models with this tag', collectPairs('--tag'))
    .option('--property <key=value>', 'only models with this property', collectPairs('--property'))
    .option('--page-size <n>', 'models on one page', wholeNumber('--page-size', 1, 1000))
    .option('--next-token <token>', 'where the page before ended')
    .addHelpText('after', '\nExample:\n  $ edgewright model list --latest')
    .action(async (flags: ListFlags) => {
      const page = await invocation.withWorkspace((workspace) =>
        workspace.models.list({
          ...(flags.name === undefined ? {} : { name: flags.name }),
          ...(flags.latest === true ? { latest: true } : {}),
          ...(flags.tag === undefined ? {} : { tags: pairTexts(flags.tag) }),
          ...(flags.property === undefined ? {} : { properties: pairTexts(flags.property) }),
          ...(flags.pageSize === undefined ? {} : { pageSize: flags.pageSize }),
          ...(flags.nextToken === undefined ? {} : { nextToken: flags.nextToken }),
        }),
      );
      invocation.terminal.result(page, () => (page.models.length === 0 ? 'no models' : modelTable(page.models)));
      if (page.nextToken !== undefined) invocation.terminal.say(`more: --next-token ${page.nextToken}`);
    });
}

function defineShow(group: Command, invocation: Invocation): void {
  group
    .command('show')
    .description('show one model')
    .option('-i, --model-id <id>', 'the id, NAME:VERSION')
    .option('-n, --name <name>', 'the name; its latest version, unless --version says otherwise')
    .option('--version <n>', 'the version, with --name', wholeNumber('--version', 1))
    .addHelpText('after', '\nExample:\n  $ edgewright model show -i diabetes:1')
    .action(async (flags: { modelId?: string; name?: string; version?: number }) => {
      const reference =
        flags.modelId ?? (flags.name === undefined ? undefined : nameAndVersion(flags.name, flags.version));
      if (reference === undefined)
        throw new CliError('UsageInvalid', 'no model was named: give --model-id NAME:VERSION or --name NAME');
      const model = await invocation.withWorkspace((workspace) => workspace.models.show(reference));
      invocation.terminal.result(model, () => modelText(model));
    });
}

function nameAndVersion(name: string, version: number | undefined): string {
  return version === undefined ? name : `${name}:${version}`;
}
