import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { ArmClusters } from './arm-clusters.ts';
import { createTestCertificate } from './test-certificate.ts';

interface Group {
  name: string;
  location: string;
  tags?: Record<string, string>;
  properties: {
    provisioningState?: string;
    containers: { name: string; properties: Record<string, unknown> & { instanceView?: unknown } }[];
    ipAddress?: { dnsNameLabel?: string; fqdn?: string; ip?: string; type?: string };
    [key: string]: unknown;
  };
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

const TOKEN = 'a-token-of-entra';
const API_VERSION = '2023-05-01';
const CLUSTERS_API_VERSION = '2026-06-01';
const CLUSTERS =
  '/subscriptions/0a1b2c3d-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ContainerService';
const BASE =
  '/subscriptions/0a1b2c3d-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ContainerInstance';

/**
 * Azure Resource Manager as far as container groups go. It checks the token, the api-version, the path, and of a body the
 * name, location, image, resources (at most 4 cores and 16 GB, no GPU), ports and label, and what may not change in place; it has a quota, labels that are taken,
 * throttling, and operations that take a few polls. Values that are secure are never given back. It does not check: images,
 * networks, encryption, regions, RBAC; and it runs nothing, so tests say what becomes of containers.
 */
export class ArmServer implements AsyncDisposable {
  readonly groups = new Map<string, Group>();
  readonly clusters = new ArmClusters();
  /** The body of each PUT. */
  readonly bodies: Group[] = [];
  readonly takenLabels = new Set<string>();
  readonly logs = new Map<string, string>();
  quota = 100;
  /** The next so many requests are answered with 429. */
  throttle = 0;
  #operations = new Map<string, number>();
  readonly ca: string;
  readonly #server: Server;

  private constructor({ certificate, privateKey }: { certificate: string; privateKey: string }) {
    this.ca = certificate;
    this.#server = createServer(
      { cert: certificate, key: privateKey },
      (request, response) => void this.#serve(request, response),
    );
  }

  static readonly place = { subscriptionId: BASE.split('/')[2] ?? '', resourceGroup: 'rg', location: 'westeurope' };
  static readonly credential = {
    getToken: () => Promise.resolve({ token: TOKEN, expiresOnTimestamp: Date.now() + 3_600_000 }),
  };

  static async start(): Promise<ArmServer> {
    const arm = new ArmServer(await createTestCertificate());
    await new Promise<void>((resolve) => arm.#server.listen(0, '127.0.0.1', resolve));
    return arm;
  }

  get endpoint(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What becomes of a group that was sent. */
  become(name: string, provisioningState: string, instanceView: unknown): void {
    const group = this.groups.get(name);
    if (group === undefined) throw new TypeError(`there is no group ${name}`);
    group.properties.provisioningState = provisioningState;
    Object.assign(group.properties.containers[0]?.properties ?? {}, { instanceView });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answer = this.#answer(request, Buffer.concat(chunks).toString());
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
  }

  #answer(request: IncomingMessage, body: string): Answer {
    const url = new URL(request.url ?? '/', 'http://arm');
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return refusal(401, 'AuthenticationFailed', 'no token');
    const isOfClusters = url.pathname.includes('/Microsoft.ContainerService/');
    if (url.searchParams.get('api-version') !== (isOfClusters ? CLUSTERS_API_VERSION : API_VERSION))
      return refusal(400, 'InvalidApiVersionParameter', 'the api-version is not supported');
    if (this.throttle > 0) {
      this.throttle -= 1;
      return { ...refusal(429, 'TooManyRequests', 'slow down'), headers: { 'retry-after': '0' } };
    }
    const operation = /\/operations\/(\w+)$/.exec(url.pathname)?.[1];
    if (operation !== undefined) return this.#poll(operation);
    const [, clusterName = '', verb = ''] =
      new RegExp(`^${CLUSTERS}/managedClusters/([^/]+)(/.*)?$`).exec(url.pathname) ?? [];
    if (clusterName !== '') {
      const call = { method: request.method ?? '', name: clusterName, rest: verb, body };
      const { isOperation = false, ...answer } = this.clusters.answer(call);
      return isOperation ? this.#accepted(answer.status, answer.body, 'Microsoft.ContainerService') : answer;
    }
    const [, name = '', rest = ''] = new RegExp(`^${BASE}/containerGroups/([^/]+)(/.*)?$`).exec(url.pathname) ?? [];
    if (name === '') return refusal(404, 'InvalidResourceType', `nothing at ${url.pathname}`);
    if (request.method === 'PUT') return this.#put(name, JSON.parse(body) as Group);
    const group = this.groups.get(name);
    if (group === undefined)
      return refusal(404, 'ResourceNotFound', `The Resource '${name}' under resource group 'rg' was not found.`);
    if (rest === '/containers/scorer/logs') return { status: 200, body: { content: this.logs.get(name) ?? '' } };
    if (request.method !== 'DELETE') return { status: 200, body: group };
    this.groups.delete(name);
    return this.#accepted(202, undefined);
  }

  #put(name: string, group: Group): Answer {
    this.bodies.push(structuredClone(group));
    if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name) || name.length > 63)
      return refusal(400, 'InvalidContainerGroupName', `the name ${name} is not valid`);
    const [container] = group.properties.containers;
    const {
      image,
      resources,
      ports,
      environmentVariables = [],
    } = (container?.properties ?? {}) as {
      image?: string;
      resources?: { requests?: { cpu?: number; memoryInGB?: number; gpu?: unknown } };
      ports?: unknown[];
      environmentVariables?: { name: string; value?: string; secureValue?: string }[];
    };
    const { cpu = 0, memoryInGB = 0, gpu } = resources?.requests ?? {};
    if (!group.location) return refusal(400, 'LocationRequired', 'The location property is required');
    if (!image || !ports?.length || group.properties['osType'] !== 'Linux')
      return refusal(400, 'InvalidContainer', 'image, ports and osType are needed');
    if (gpu !== undefined) return refusal(400, 'ResourceRequestsNotValid', 'GPU is not supported');
    if (cpu <= 0 || cpu > 4 || memoryInGB <= 0 || memoryInGB > 16)
      return refusal(
        400,
        'ResourceRequestsNotValid',
        `the requested resource is not available: cpu ${cpu}, memory ${memoryInGB}`,
      );
    const present = this.groups.get(name);
    if (present !== undefined && fixedOf(present) !== fixedOf(group))
      return refusal(400, 'InvalidContainerGroupUpdate', `The updates on container group '${name}' are invalid. If you are going to update the os type, restart policy, network profile, CPU, memory or GPU resources for a container group, you must delete it first and then create a new one.`); // prettier-ignore
    if (!this.groups.has(name) && this.groups.size >= this.quota)
      return refusal(
        409,
        'ContainerGroupQuotaReached',
        `Resource type 'Microsoft.ContainerInstance/containerGroups' container group quota '${this.quota}' exceeded`,
      );
    const { ipAddress } = group.properties;
    const label = ipAddress?.dnsNameLabel;
    if (label !== undefined && this.takenLabels.has(label))
      return refusal(409, 'DnsNameLabelNotAvailable', `the DNS name label ${label} is not available`);
    if (ipAddress !== undefined)
      Object.assign(ipAddress, {
        ip: '192.0.2.9',
        ...(label === undefined ? {} : { fqdn: `${label}.${group.location}.azurecontainer.io` }),
      });
    for (const variable of environmentVariables) delete variable.secureValue;
    const status = this.groups.has(name) ? 200 : 201;
    group.name = name;
    group.properties.provisioningState = 'Pending';
    this.groups.set(name, group);
    return this.#accepted(status, group);
  }

  #accepted(status: number, body: unknown, provider = 'Microsoft.ContainerInstance'): Answer {
    const version = provider === 'Microsoft.ContainerInstance' ? API_VERSION : CLUSTERS_API_VERSION;
    const id = `o${this.#operations.size}`;
    this.#operations.set(id, 2);
    const operation = `${this.endpoint}/subscriptions/x/providers/${provider}/locations/westeurope/operations/${id}?api-version=${version}`;
    return { status, body, headers: { 'azure-asyncoperation': operation, location: operation } };
  }

  #poll(operation: string): Answer {
    const left = this.#operations.get(operation) ?? 0;
    this.#operations.set(operation, left - 1);
    return left > 0 ? { status: 202, body: { status: 'InProgress' } } : { status: 200, body: { status: 'Succeeded' } };
  }
}

/** What ACI does not change in place. */
function fixedOf({ location, properties }: Group): string {
  const { osType, restartPolicy, containers, subnetIds } = properties;
  return JSON.stringify([location, osType, restartPolicy, containers[0]?.properties['resources'], subnetIds]);
}

function refusal(status: number, code: string, message: string): Answer {
  return { status, body: { error: { code, message } } };
}
