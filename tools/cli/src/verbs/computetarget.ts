import type { Command } from 'commander';
import type { ComputeTarget } from '@edgewright/workspace';
import type { Invocation } from '../invocation.ts';
import { keyValues, textTable } from '../text-table.ts';

/** `edgewright computetarget attach|list|show|detach`, with the flags of `az ml computetarget`. */
export function defineComputeTarget(program: Command, invocation: Invocation): void {
  const group = program.command('computetarget').description('clusters that services can be deployed to');
  defineAttach(group, invocation);
  defineList(group, invocation);
  defineOne(group, invocation);
}

function defineAttach(group: Command, invocation: Invocation): void {
  group
    .command('attach')
    .description('make a Kubernetes cluster known by a name')
    .command('aks')
    .description('make an AKS cluster, or any other Kubernetes, known by a name')
    .requiredOption('-n, --name <name>', 'the name')
    .requiredOption('--kubeconfig <file>', 'how to reach it; the file is read again each time')
    .option('--context <name>', 'a context of the file; default: its current one')
    .option('--registry <host>', 'where images are pushed, and the cluster pulls them: HOST or HOST/PATH')
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright computetarget attach aks -n prod --kubeconfig ~/.kube/config --registry example.azurecr.io',
    )
    .action(async (flags: { name: string; kubeconfig: string; context?: string; registry?: string }) => {
      const target = await invocation.withWorkspace((workspace) =>
        workspace.computeTargets.attach({ ...flags, kubeconfig: invocation.path(flags.kubeconfig) }),
      );
      invocation.terminal.result(target, () => targetText(target));
    });
}

function defineList(group: Command, invocation: Invocation): void {
  group
    .command('list')
    .description('list the compute targets of the workspace')
    .addHelpText('after', '\nExample:\n  $ edgewright computetarget list')
    .action(async () => {
      const targets = await invocation.withWorkspace((workspace) => workspace.computeTargets.list());
      invocation.terminal.result(targets, () =>
        targets.length === 0
          ? 'no compute targets'
          : textTable(targets, [
              { heading: 'NAME', cell: ({ name }) => name },
              { heading: 'TYPE', cell: ({ computeType }) => computeType },
              { heading: 'KUBECONFIG', cell: ({ kubeconfig }) => kubeconfig },
              { heading: 'REGISTRY', cell: ({ registry }) => registry ?? '' },
            ]),
      );
    });
}

function defineOne(group: Command, invocation: Invocation): void {
  group
    .command('show')
    .description('show one compute target')
    .requiredOption('-n, --name <name>', 'the compute target')
    .addHelpText('after', '\nExample:\n  $ edgewright computetarget show -n prod')
    .action(async ({ name }: { name: string }) => {
      const target = await invocation.withWorkspace((workspace) => workspace.computeTargets.show(name));
      invocation.terminal.result(target, () => targetText(target));
    });
  group
    .command('detach')
    .description('forget a compute target; the cluster stays as it is')
    .requiredOption('-n, --name <name>', 'the compute target')
    .addHelpText('after', '\nExample:\n  $ edgewright computetarget detach -n prod')
    .action(async ({ name }: { name: string }) => {
      await invocation.withWorkspace((workspace) => workspace.computeTargets.detach(name));
      invocation.terminal.result({ name, detached: true }, () => '');
    });
}

function targetText(target: ComputeTarget): string {
  return keyValues([
    ['name', target.name],
    ['type', target.computeType],
    ['kubeconfig', target.kubeconfig],
    ['context', target.context],
    ['registry', target.registry],
    ['created', target.createdTime],
  ]);
}
