import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { modelFrameworks } from '@edgewright/contract';
import type { Model } from '@edgewright/contract';
import type { RegisterInput } from '@edgewright/workspace';
import { addBaselineFlags, baselineOf } from '../baseline-flags.ts';
import type { BaselineFlags } from '../baseline-flags.ts';
import { CliError } from '../cli-error.ts';
import { addCriteriaFlags, criteriaOf } from '../criteria-flags.ts';
import type { CriteriaFlags } from '../criteria-flags.ts';
import { addDatasetFlags, samplesOf } from '../dataset-flags.ts';
import type { DatasetFlags } from '../dataset-flags.ts';
import { collect, collectPairs, oneOf, wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { modelTable, modelText } from '../model-text.ts';
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

interface RegisterFlags extends ResourceFlags, RunFlags, DatasetFlags, BaselineFlags {
  readonly childPath?: string[];
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
    .option('--child-path <path>', 'of a folder, only this file or folder; may be given several times', collect)
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
  addBaselineFlags(addRunFlags(addDatasetFlags(addResourceFlags(verb))))
    .addHelpText('after', '\nExample:\n  $ edgewright model register -n diabetes -p diabetes.onnx --tag area=health')
    .action(async (flags: RegisterFlags) => {
      const given = { ...registerInput(flags), ...baselineOf(flags, invocation), signal: invocation.context.signal };
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

/** What the flags say of the model, but not where it is. */
function registerInput(flags: RegisterFlags): Omit<RegisterInput, 'path'> {
  const resourceConfiguration = resourcesOf(flags);
  return {
    name: flags.name,
    ...(flags.childPath === undefined ? {} : { childPaths: flags.childPath }),
    ...(flags.description === undefined ? {} : { description: flags.description }),
    ...(flags.tag === undefined ? {} : { tags: flags.tag }),
    ...(flags.property === undefined ? {} : { properties: flags.property }),
    ...(flags.modelFramework === undefined ? {} : { framework: flags.modelFramework }),
    ...(flags.modelFrameworkVersion === undefined ? {} : { frameworkVersion: flags.modelFrameworkVersion }),
    ...(resourceConfiguration === undefined ? {} : { resourceConfiguration }),
    ...(flags.dataset === undefined ? {} : { datasets: flags.dataset }),
    ...samplesOf(flags),
  };
}

interface ListFlags extends CriteriaFlags {
  readonly name?: string;
  readonly latest?: boolean;
  readonly pageSize?: number;
  readonly nextToken?: string;
}

function defineList(group: Command, invocation: Invocation): void {
  const verb = group
    .command('list')
    .description('list registered models, newest version first')
    .option('-n, --name <name>', 'only this name')
    .option('-l, --latest', 'only the latest version of each name, if it fits');
  addCriteriaFlags(verb)
    .option('--page-size <n>', 'models on one page', wholeNumber('--page-size', 1, 1000))
    .option('--next-token <token>', 'where the page before ended')
    .addHelpText('after', '\nExample:\n  $ edgewright model list --latest')
    .action(async (flags: ListFlags) => {
      const page = await invocation.withWorkspace((workspace) =>
        workspace.models.list({
          ...(flags.name === undefined ? {} : { name: flags.name }),
          ...(flags.latest === true ? { latest: true } : {}),
          ...criteriaOf(flags),
          ...(flags.pageSize === undefined ? {} : { pageSize: flags.pageSize }),
          ...(flags.nextToken === undefined ? {} : { nextToken: flags.nextToken }),
        }),
      );
      invocation.terminal.result(page, () => (page.models.length === 0 ? 'no models' : modelTable(page.models)));
      if (page.nextToken !== undefined) invocation.terminal.say(`more: --next-token ${page.nextToken}`);
    });
}

interface ShowFlags extends CriteriaFlags {
  readonly modelId?: string;
  readonly name?: string;
  readonly version?: number;
}

function defineShow(group: Command, invocation: Invocation): void {
  const verb = group
    .command('show')
    .description('show one model')
    .option('-i, --model-id <id>', 'the id, NAME:VERSION')
    .option('-n, --name <name>', 'the name; its latest version that fits, unless --version says otherwise')
    .option('--version <n>', 'the version, with --name', wholeNumber('--version', 1));
  addCriteriaFlags(verb)
    .addHelpText('after', '\nExample:\n  $ edgewright model show -i diabetes:1')
    .action(async (flags: ShowFlags) => {
      const criteria = criteriaOf(flags);
      const reference = referenceOf(flags, Object.keys(criteria).length > 0);
      const model = await invocation.withWorkspace((workspace) => workspace.models.show(reference, criteria));
      invocation.terminal.result(model, () => modelText(model));
    });
}

/** `NAME` or `NAME:VERSION`. @throws CliError `UsageInvalid` */
function referenceOf({ modelId, name, version }: ShowFlags, hasCriteria: boolean): string {
  if ((modelId === undefined) === (name === undefined)) {
    const reason = name === undefined ? 'no model was named' : 'the model was named twice';
    throw new CliError('UsageInvalid', `${reason}: give either --model-id NAME:VERSION or --name NAME`);
  }
  if (version !== undefined && name === undefined) {
    throw new CliError('UsageInvalid', '--version belongs to --name; an id names its version itself');
  }
  if (hasCriteria && (modelId?.includes(':') === true || version !== undefined)) {
    throw new CliError(
      'UsageInvalid',
      'a version was named, so there is nothing to choose: leave --tag, --property, --model-framework, --run-id and --dataset-id out',
    );
  }
  return modelId ?? (version === undefined ? (name ?? '') : `${name}:${version}`);
}
