interface Cluster {
  name: string;
  location: string;
  tags?: Record<string, string>;
  identity?: { type?: string };
  properties: {
    provisioningState?: string;
    dnsPrefix?: string;
    agentPoolProfiles?: { name?: string; mode?: string; count?: number; vmSize?: string; vnetSubnetID?: string }[];
    networkProfile?: { serviceCidr?: string; dnsServiceIP?: string };
    fqdn?: string;
  };
}

/** What Azure answers, and whether an operation follows. */
export interface ClusterAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly isOperation?: boolean;
}

/**
 * AKS clusters as Azure Resource Manager has them: a body's name, location, prefix, identity and pools are checked, the cores of a
 * subscription are a quota, and creating takes a few polls. It does not check: VM sizes of a region, networks, versions, RBAC; and
 * nothing is made, so a test says what a kubeconfig of a cluster is.
 */
export class ArmClusters {
  readonly clusters = new Map<string, Cluster>();
  /** The body of each PUT. */
  readonly bodies: Cluster[] = [];
  /** What `listCluster…Credential` gives. */
  kubeconfig = '';
  mostNodes = 100;

  answer(request: { method: string; name: string; rest: string; body: string }): ClusterAnswer {
    const { method, name, rest } = request;
    if (method === 'PUT') return this.#put(name, JSON.parse(request.body) as Cluster);
    const cluster = this.clusters.get(name);
    if (cluster === undefined)
      return refused(404, 'ResourceNotFound', `The Resource 'managedClusters/${name}' was not found.`);
    if (method === 'POST' && /^\/listCluster(User|Admin)Credential$/.test(rest)) {
      const value = Buffer.from(this.kubeconfig).toString('base64');
      return { status: 200, body: { kubeconfigs: [{ name: rest.includes('Admin') ? 'clusterAdmin' : 'clusterUser', value }] } }; // prettier-ignore
    }
    if (method === 'DELETE') {
      this.clusters.delete(name);
      return { status: 202, isOperation: true };
    }
    if (method !== 'GET' || rest !== '') return refused(405, 'MethodNotAllowed', `${method} ${rest}`);
    const answer = structuredClone(cluster);
    // what is read after the operation has ended
    cluster.properties.provisioningState = 'Succeeded';
    return { status: 200, body: answer };
  }

  #put(name: string, cluster: Cluster): ClusterAnswer {
    this.bodies.push(structuredClone(cluster));
    const { dnsPrefix = '', agentPoolProfiles: pools = [] } = cluster.properties;
    const nodes = pools.reduce((sum, { count = 0 }) => sum + count, 0);
    if (!/^[a-zA-Z0-9]([-_a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$/.test(name))
      return refused(400, 'InvalidParameter', `the name ${name} is not valid`);
    if (!cluster.location) return refused(400, 'LocationRequired', 'The location property is required');
    if (!/^[a-zA-Z0-9]([-a-zA-Z0-9]{0,52}[a-zA-Z0-9])?$/.test(dnsPrefix))
      return refused(400, 'InvalidParameter', `the dnsPrefix "${dnsPrefix}" is not valid`);
    if (cluster.identity?.type !== 'SystemAssigned')
      return refused(400, 'InvalidParameter', 'either an identity or a service principal is needed');
    if (!pools.some(({ mode }) => mode === 'System'))
      return refused(400, 'InvalidParameter', 'there has to be at least one system pool');
    if (!pools.every((pool) => /^[a-z][a-z0-9]{0,11}$/.test(pool.name ?? '') && pool.vmSize?.startsWith('Standard_') === true && (pool.count ?? 0) > 0))
      return refused(400, 'InvalidParameter', 'a pool needs a name, a vmSize and a count');
    if (nodes > this.mostNodes)
      return refused(400, 'ErrCode_InsufficientVCPUQuota', `Insufficient regional vcpu quota left for location ${cluster.location}.`);
    const next: Cluster = { ...cluster, name, properties: { ...cluster.properties, provisioningState: 'Creating', fqdn: `${dnsPrefix}.hcp.${cluster.location}.azmk8s.io` } };
    this.clusters.set(name, next);
    return { status: 201, body: structuredClone(next), isOperation: true };
  } // prettier-ignore
}

function refused(status: number, code: string, message: string): ClusterAnswer {
  return { status, body: { error: { code, message } } };
}
