import type { Command } from 'commander';
import type { DeletionPlan } from '@edgewright/workspace';
import { addDatasetFlags, samplesOf } from '../dataset-flags.ts';
import type { DatasetFlags } from '../dataset-flags.ts';
import { collect, collectPairs } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { modelText } from '../model-text.ts';
import { addResourceFlags, resourcesOf } from '../resource-flags.ts';
import type { ResourceFlags } from '../resource-flags.ts';

interface UpdateFlags extends ResourceFlags, DatasetFlags {
  readonly modelId: string;
  readonly addTag?: Record<string, string>;
  readonly removeTag?: string[];
  readonly addProperty?: Record<string, string>;
  readonly description?: string;
}

/** `edgewright model update`, with the flags of `az ml model update`. */
export function defineModelUpdate(group: Command, invocation: Invocation): void {
  const verb = group
    .command('update')
    .description('change what is said of a model; its files and its properties never change')
    .requiredOption('-i, --model-id <id>', 'the id, NAME:VERSION')
    .option('--add-tag <key=value>', 'add or replace a tag; may be given several times', collectPairs('--add-tag'))
    .option('--remove-tag <key>', 'remove a tag; may be given several times', collect)
    .option(
      '--add-property <key=value>',
      'add a property, for ever; may be given several times',
      collectPairs('--add-property'),
    )
    .option('-d, --description <text>', 'replace the description');
  addDatasetFlags(addResourceFlags(verb))
    .addHelpText('after', '\nExample:\n  $ edgewright model update -i diabetes:1 --add-tag stage=production')
    .action(async (flags: UpdateFlags) => {
      const resourceConfiguration = resourcesOf(flags);
      const model = await invocation.withWorkspace((workspace) =>
        workspace.models.update(flags.modelId, {
          ...(flags.addTag === undefined ? {} : { addTags: flags.addTag }),
          ...(flags.removeTag === undefined ? {} : { removeTags: flags.removeTag }),
          ...(flags.addProperty === undefined ? {} : { addProperties: flags.addProperty }),
          ...(flags.description === undefined ? {} : { description: flags.description }),
          ...(resourceConfiguration === undefined ? {} : { resourceConfiguration }),
          ...(flags.dataset === undefined ? {} : { addDatasets: flags.dataset }),
          ...samplesOf(flags),
        }),
      );
      invocation.terminal.result(model, () => modelText(model));
    });
}

/** `edgewright model download`. */
export function defineModelDownload(group: Command, invocation: Invocation): void {
  group
    .command('download')
    .description("copy a model's files into a folder, each checked against its digest")
    .requiredOption('-i, --model-id <id>', 'the id, NAME:VERSION; NAME for the latest version')
    .requiredOption('-t, --target-dir <dir>', 'the folder; made when it is not there')
    .option('--overwrite', 'replace files that are there')
    .addHelpText('after', '\nExample:\n  $ edgewright model download -i diabetes:1 -t models')
    .action(async (flags: { modelId: string; targetDir: string; overwrite?: boolean }) => {
      const files = await invocation.withWorkspace((workspace) =>
        workspace.models.download(flags.modelId, {
          targetDirectory: invocation.path(flags.targetDir),
          overwrite: flags.overwrite === true,
          signal: invocation.context.signal,
        }),
      );
      invocation.terminal.result({ files }, () => files.join('\n'));
    });
}

/** `edgewright model delete`. */
export function defineModelDelete(group: Command, invocation: Invocation): void {
  group
    .command('delete')
    .description('delete a version of a model; refused while a service or an image of the workspace uses it')
    .requiredOption('-i, --model-id <id>', 'the id, NAME:VERSION')
    .option('--cascade', 'show the services and images that would go with it; with --yes, delete them too')
    .option('--yes', 'with --cascade: do what it shows')
    .addHelpText('after', '\nExample:\n  $ edgewright model delete -i diabetes:1')
    .action(async (flags: { modelId: string; cascade?: boolean; yes?: boolean }) => {
      const isShown = flags.cascade === true && flags.yes !== true;
      const plan = await invocation.withWorkspace((workspace) =>
        isShown
          ? workspace.models.deletionPlan(flags.modelId)
          : workspace.models.delete(flags.modelId, { cascade: flags.cascade === true }),
      );
      invocation.terminal.result({ ...plan, deleted: !isShown }, () => planText(plan, !isShown));
    });
}

function planText(plan: DeletionPlan, isDone: boolean): string {
  const lines = [
    ...plan.services.map((service) => `service  ${service}`),
    ...plan.images.map((image) => `image    ${image}`),
    `model    ${plan.model}`,
  ];
  return isDone ? `deleted ${plan.model}` : `would delete:\n  ${lines.join('\n  ')}\nrun it again with --yes to do so`;
}
