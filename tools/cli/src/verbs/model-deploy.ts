import type { Command } from 'commander';
import type { DeployInput, ExportTo, ServicePlan, WrittenExport } from '@edgewright/workspace';
import { CliError } from '../cli-error.ts';
import { collect, oneOf } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { addSettingFlags, settingOverrides } from '../setting-flags.ts';
import { serviceText } from './service.ts';

interface DeployFlags {
  readonly name: string;
  readonly model: string[];
  readonly ic?: string;
  readonly dc?: string;
  readonly computeType?: string;
  readonly ct?: string;
  readonly image?: string;
  readonly pi?: string;
  readonly dryRun?: boolean;
  readonly format: 'yaml' | 'helm' | 'kustomize';
  readonly outputDir?: string;
  readonly overwrite?: boolean;
  readonly wait: boolean;
}

/** `edgewright model deploy`, with the flags of `az ml model deploy`; the group `model` must be there. */
export function defineModelDeploy(program: Command, invocation: Invocation): void {
  const group = program.commands.find((command) => command.name() === 'model');
  if (group === undefined) throw new TypeError('the group "model" is defined after "model deploy"');
  const verb = group
    .command('deploy')
    .description('deploy models as a service, and wait until it is healthy')
    .requiredOption('-n, --name <name>', 'the name of the service')
    .requiredOption('-m, --model <id>', 'a registered model, NAME or NAME:VERSION; may be given several times', collect)
    .option('--ic <file>', 'the inference configuration; without one the model is served as it is')
    .option('--dc <file>', 'the deployment configuration, JSON or YAML')
    .option(
      '--cp, --compute-type <type>',
      'instead of a file: local, with its defaults',
      oneOf('--compute-type', ['local']),
    )
    .option('--ct <name>', 'the compute target, for aks and aci: what was attached')
    .option('--image <reference>', 'an image that the target can pull, instead of one that is built and pushed now')
    .option(
      '--pi <file>',
      'what model profile wrote with -t: its recommendation for cores and memory wins over the file',
    )
    .option('--dry-run', 'print what would be done, and the objects of Kubernetes as YAML; do nothing')
    .option(
      '--format <format>',
      'with --dry-run: yaml prints the objects; helm and kustomize write a chart or a base, and ask no cluster',
      oneOf('--format', ['yaml', 'helm', 'kustomize']),
      'yaml',
    )
    .option('--output-dir <folder>', 'where --format helm or kustomize writes; must be empty, or --overwrite be given')
    .option('--overwrite', 'replace a service of that name')
    .option('--no-wait', 'do not wait until it is healthy');
  addSettingFlags(verb)
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright model deploy -n diabetes-service -m diabetes:1 --ic inferenceconfig.json --cp local',
    )
    .action(async (flags: DeployFlags) => {
      if (flags.dc === undefined && flags.computeType === undefined) {
        throw new CliError('UsageInvalid', 'it is not said where to deploy: give --dc FILE, or --cp local');
      }
      await invocation.withWorkspace(async (workspace) => {
        const input = inputOf(flags, invocation);
        if (flags.format !== 'yaml' || flags.outputDir !== undefined) {
          const written = await workspace.services.export({ ...input, ...exportOf(flags, invocation) });
          invocation.terminal.result(written, () => exportText(written, flags.name));
          return;
        }
        if (flags.dryRun === true) {
          const plan = await workspace.services.plan(input);
          invocation.terminal.result(plan, () => planText(plan));
          return;
        }
        const service = await workspace.services.deploy(input);
        invocation.terminal.result(service, () => serviceText(service));
      });
    });
}

function inputOf(flags: DeployFlags, invocation: Invocation): DeployInput {
  return {
    name: flags.name,
    models: flags.model,
    inferenceConfig: flags.ic === undefined ? undefined : invocation.path(flags.ic),
    deploymentConfig: flags.dc === undefined ? { computeType: flags.computeType } : invocation.path(flags.dc),
    overrides: settingOverrides(flags as unknown as Record<string, unknown>),
    overwrite: flags.overwrite === true,
    wait: flags.wait,
    signal: invocation.context.signal,
    computeTarget: flags.ct,
    image: flags.image,
    profile: flags.pi === undefined ? undefined : invocation.path(flags.pi),
  };
}

function exportOf({ dryRun, format, outputDir }: DeployFlags, invocation: Invocation): ExportTo {
  if (format === 'yaml') throw new CliError('UsageInvalid', '--output-dir needs --format helm or --format kustomize');
  if (dryRun !== true) throw new CliError('UsageInvalid', `--format ${format} deploys nothing: give --dry-run with it`);
  if (outputDir === undefined) throw new CliError('UsageInvalid', `--format ${format} needs --output-dir FOLDER`);
  return { format, directory: invocation.path(outputDir) };
}

function exportText({ directory, files, secretFiles }: WrittenExport, name: string): string {
  const isHelm = files.includes('Chart.yaml');
  const values = secretFiles.length === 0 ? '' : ` -f ${directory}/secret-values.yaml`;
  const next = isHelm ? `helm install ${name} ${directory}${values}` : `kubectl apply -k ${directory}`;
  const secret = secretFiles.length === 0 ? [] : [`keys, for you alone: ${secretFiles.join(', ')}`];
  return [`wrote ${files.length} files to ${directory}`, ...secret, `next: ${next}`].join('\n');
}

/** The changes as comments, and the objects in a form that `kubectl apply -f -` takes. */
export function planText({ changes, yaml }: ServicePlan): string {
  const lines = changes.map(
    ({ action, subject, reason }) => `# ${action} ${subject}${reason === undefined ? '' : `: ${reason}`}`,
  );
  return [...(lines.length === 0 ? ['# nothing to do'] : lines), yaml.trimEnd()].join('\n').trimEnd();
}
