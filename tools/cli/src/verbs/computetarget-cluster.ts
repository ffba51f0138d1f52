import type { Command } from 'commander';
import type { ComputeTarget } from '@edgewright/workspace';
import { CliError } from '../cli-error.ts';
import { oneOf, wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';

interface Parts {
  readonly invocation: Invocation;
  readonly targetText: (target: ComputeTarget) => string;
}

type Purpose = 'FastProd' | 'DevTest';

const purpose = oneOf<Purpose>('--cluster-purpose', ['FastProd', 'DevTest']);
const PURPOSE_HELP = 'FastProd, which needs 12 virtual processors, or DevTest; default: FastProd';

/** `create aks`, `get-credentials` and `delete` of `edgewright computetarget`. */
export function defineCluster(group: Command, parts: Parts): void {
  defineCreate(group.command('create').description('create a place for services in Azure'), parts);
  defineCredentials(group, parts);
  defineDelete(group, parts);
}

interface AttachFlags {
  readonly name: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly computeResourceId?: string;
  readonly clusterPurpose?: Purpose;
  readonly registry?: string;
  readonly endpoint?: string;
}

/** `attach aks`: by a kubeconfig, or by what Azure calls the cluster. */
export function defineAttachCluster(attach: Command, { invocation, targetText }: Parts): void {
  attach
    .command('aks')
    .description('make an AKS cluster, or any other Kubernetes, known by a name')
    .requiredOption('-n, --name <name>', 'the name')
    .option('--kubeconfig <file>', 'how to reach it; the file is read again each time')
    .option('--context <name>', 'a context of the file; default: its current one')
    .option('-i, --compute-resource-id <id>', 'instead of a file: the resource id of an AKS cluster')
    .option('--cluster-purpose <purpose>', `with an id: ${PURPOSE_HELP}`, purpose)
    .option('--registry <host>', 'where images are pushed, and the cluster pulls them: HOST or HOST/PATH')
    .option('--endpoint <url>', 'Azure Resource Manager, where it is not the public cloud’s')
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright computetarget attach aks -n prod --kubeconfig ~/.kube/config --registry example.azurecr.io',
    )
    .action(async (flags: AttachFlags) => {
      const { name, kubeconfig, context, computeResourceId: id, clusterPurpose, registry, endpoint } = flags;
      if ((kubeconfig === undefined) === (id === undefined)) {
        throw new CliError(
          'UsageInvalid',
          'say which cluster: give either --kubeconfig FILE or --compute-resource-id ID',
        );
      }
      const target = await invocation.withWorkspace(({ computeTargets }) =>
        kubeconfig === undefined
          ? computeTargets.attachById({ name, id: id ?? '', clusterPurpose, registry, endpoint })
          : computeTargets.attach({ name, kubeconfig: invocation.path(kubeconfig), context, registry }),
      );
      invocation.terminal.result(target, () => targetText(target));
    });
}

interface CreateFlags {
  readonly name: string;
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly location: string;
  readonly agentCount: number;
  readonly vmSize: string;
  readonly clusterPurpose: Purpose;
  readonly vnetResourcegroupName?: string;
  readonly vnetName?: string;
  readonly subnetName?: string;
  readonly serviceCidr?: string;
  readonly dnsServiceIp?: string;
  readonly dockerBridgeCidr?: string;
  readonly registry?: string;
  readonly endpoint?: string;
}

function defineCreate(create: Command, { invocation, targetText }: Parts): void {
  create
    .command('aks')
    .description('create an AKS cluster, wait until it is there (some twenty minutes), and make it known by its name')
    .requiredOption('-n, --name <name>', 'the name of the cluster and of the compute target')
    .requiredOption('--subscription <id>', 'the subscription')
    .requiredOption('-g, --resource-group <name>', 'the resource group')
    .requiredOption('-l, --location <region>', 'the region')
    .option('-a, --agent-count <n>', 'how many nodes', wholeNumber('--agent-count', 1, 1000), 3)
    .option('-s, --vm-size <size>', 'their size', 'Standard_D3_v2')
    .option('--cluster-purpose <purpose>', PURPOSE_HELP, purpose, 'FastProd')
    .option('--vnet-resourcegroup-name <name>', 'a virtual network to join: its resource group; all six flags or none')
    .option('--vnet-name <name>', 'its name')
    .option('--subnet-name <name>', 'the subnet of the nodes')
    .option('--service-cidr <range>', 'addresses of Services')
    .option('--dns-service-ip <address>', 'the address of the cluster’s DNS, within them')
    .option('--docker-bridge-cidr <range>', 'asked for as by Azure ML; AKS does not use it any more')
    .option('--registry <host>', 'where images are pushed, and the cluster pulls them: HOST or HOST/PATH')
    .option('--endpoint <url>', 'Azure Resource Manager, where it is not the public cloud’s')
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright computetarget create aks -n prod --subscription $ID -g models -l westeurope --registry example.azurecr.io\n\nTLS is of services: ingress in their deployment configuration.',
    )
    .action(async (flags: CreateFlags) => {
      const network = {
        vnetResourceGroup: flags.vnetResourcegroupName,
        vnetName: flags.vnetName,
        subnetName: flags.subnetName,
        serviceCidr: flags.serviceCidr,
        dnsServiceIp: flags.dnsServiceIp,
        dockerBridgeCidr: flags.dockerBridgeCidr,
      };
      const given = Object.fromEntries(Object.entries(network).filter(([, value]) => value !== undefined));
      const { name, location, agentCount, vmSize, clusterPurpose, resourceGroup, registry, endpoint } = flags;
      const target = await invocation.withWorkspace(({ computeTargets }) =>
        computeTargets.create({
          name,
          location,
          agentCount,
          vmSize,
          clusterPurpose,
          resourceGroup,
          registry,
          endpoint,
          subscriptionId: flags.subscription,
          network: given,
          signal: invocation.context.signal,
        }),
      );
      invocation.terminal.result(target, () => targetText(target));
    });
}

function defineCredentials(group: Command, { invocation }: Parts): void {
  group
    .command('get-credentials')
    .description('print the kubeconfig of a cluster; of one of Azure’s it is asked anew')
    .requiredOption('-n, --name <name>', 'the compute target')
    .option('--admin', 'that of an administrator, without a login at Entra ID')
    .addHelpText('after', '\nExample:\n  $ edgewright computetarget get-credentials -n prod > kubeconfig')
    .action(async ({ name, admin = false }: { name: string; admin?: boolean }) => {
      const kubeconfig = await invocation.withWorkspace(({ computeTargets }) =>
        computeTargets.credentials(name, admin),
      );
      invocation.terminal.result({ name, kubeconfig }, () => kubeconfig.trimEnd());
    });
}

function defineDelete(group: Command, { invocation }: Parts): void {
  group
    .command('delete')
    .description('delete a cluster that edgewright created, with all that is in it, and forget it')
    .requiredOption('-n, --name <name>', 'the compute target')
    .addHelpText('after', '\nExample:\n  $ edgewright computetarget delete -n prod')
    .action(async ({ name }: { name: string }) => {
      const { signal } = invocation.context;
      await invocation.withWorkspace(({ computeTargets }) => computeTargets.delete(name, signal));
      invocation.terminal.result({ name, deleted: true }, () => '');
    });
}
