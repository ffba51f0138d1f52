import type { Command } from 'commander';
import type { ComputeTarget } from '@edgewright/workspace';
import type { Invocation } from '../invocation.ts';
import { keyValues, textTable } from '../text-table.ts';
import { defineAttachCluster, defineCluster } from './computetarget-cluster.ts';

/** `edgewright computetarget create|attach|list|show|get-credentials|detach|delete`, with the flags of `az ml computetarget`. */
export function defineComputeTarget(program: Command, invocation: Invocation): void {
  const group = program
    .command('computetarget')
    .description('clusters and resource groups that services can be deployed to');
  defineCluster(group, { invocation, targetText });
  defineAttach(group, invocation);
  defineList(group, invocation);
  defineOne(group, invocation);
}

function defineAttach(group: Command, invocation: Invocation): void {
  const attach = group.command('attach').description('make a place for services known by a name');
  defineAttachAzure(attach, invocation);
  defineAttachCluster(attach, { invocation, targetText });
}

interface AzureFlags {
  readonly name: string;
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly location: string;
  readonly identity?: string;
  readonly registry?: string;
  readonly endpoint?: string;
}

function defineAttachAzure(attach: Command, invocation: Invocation): void {
  attach
    .command('aci')
    .description(
      'make a resource group known by a name, for Azure Container Instances; who is logged in is found as by `az`',
    )
    .requiredOption('-n, --name <name>', 'the name')
    .requiredOption('--subscription <id>', 'the subscription')
    .requiredOption('-g, --resource-group <name>', 'the resource group')
    .requiredOption('--location <region>', 'the region of services that name none')
    .option('--identity <id>', 'a user-assigned identity that may pull from the registry, by its resource id')
    .option('--registry <host>', 'where images are pushed, and Azure pulls them: HOST or HOST/PATH')
    .option('--endpoint <url>', 'Azure Resource Manager, where it is not the public cloud’s')
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright computetarget attach aci -n azure --subscription $ID -g models --location westeurope --registry example.azurecr.io',
    )
    .action(async ({ subscription, ...flags }: AzureFlags) => {
      const target = await invocation.withWorkspace((workspace) =>
        workspace.computeTargets.attachAzure({ ...flags, subscriptionId: subscription }),
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
              { heading: 'PLACE', cell: placeOf },
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
    ['place', placeOf(target)],
    ['purpose', target.computeType === 'aks' ? target.azure?.clusterPurpose : undefined],
    ['registry', target.registry],
    ['created', target.createdTime],
  ]);
}

function placeOf(target: ComputeTarget): string {
  if (target.computeType === 'ACI') return `${target.subscriptionId}/${target.resourceGroup} in ${target.location}`;
  if (target.azure !== undefined)
    return `${target.azure.subscriptionId}/${target.azure.resourceGroup}/${target.azure.clusterName}`;
  return target.context === undefined ? target.kubeconfig : `${target.kubeconfig} (${target.context})`;
}
