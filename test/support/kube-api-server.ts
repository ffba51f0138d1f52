import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Gateway, HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { Job } from 'kubernetes-models/batch/v1';
import { Ingress } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { Secret, Service } from 'kubernetes-models/v1';
import { createTestCertificate } from './test-certificate.ts';

/** An object of the cluster. */
export type KubeObject = {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    generation?: number;
    annotations?: Record<string, string>;
    [key: string]: unknown;
  };
  status?: Record<string, unknown>;
  [key: string]: unknown;
};

/** The validators made from Kubernetes' own OpenAPI document. */
const KINDS = {
  deployments: { kind: 'Deployment', group: 'apps/v1', model: Deployment },
  services: { kind: 'Service', group: 'v1', model: Service },
  secrets: { kind: 'Secret', group: 'v1', model: Secret },
  horizontalpodautoscalers: {
    kind: 'HorizontalPodAutoscaler',
    group: 'autoscaling/v2',
    model: HorizontalPodAutoscaler,
  },
  poddisruptionbudgets: { kind: 'PodDisruptionBudget', group: 'policy/v1', model: PodDisruptionBudget },
  jobs: { kind: 'Job', group: 'batch/v1', model: Job },
  ingresses: { kind: 'Ingress', group: 'networking.k8s.io/v1', model: Ingress },
  gateways: { kind: 'Gateway', group: 'gateway.networking.k8s.io/v1', model: Gateway },
  httproutes: { kind: 'HTTPRoute', group: 'gateway.networking.k8s.io/v1', model: HTTPRoute },
} as const;

const GATEWAY_API = 'gateway.networking.k8s.io/v1';

const TOKEN = 'the-token-of-the-cluster';

/**
 * A Kubernetes API server as far as a deployer sees it: discovery, read, server-side apply with dry run, delete, pods and
 * their logs. It checks the token, the path, the media type and field manager of an apply, and each object against the schema
 * of its kind. It does not check: defaults and admission, conflicts between field managers, immutable fields, RBAC; and it
 * runs nothing, so tests say what becomes of pods.
 */
export class KubeApiServer implements AsyncDisposable {
  readonly objects = new Map<string, KubeObject>();
  pods: KubeObject[] = [];
  readonly podLogs = new Map<string, string>();
  readonly requests: string[] = [];
  /** The names of the GatewayClasses; undefined: the cluster does not have the Gateway API. */
  gatewayClasses: readonly string[] | undefined;
  /** Whether Deployments and routes become ready as soon as they are applied, as with controllers that are there. */
  settles = false;
  /** Deployments whose pods end at once. */
  readonly failing = new Set<string>();
  /** Kinds that the account may not change. */
  readonly forbidden = new Set<string>();
  /** What each field manager applied last. */
  readonly #applied = new Map<string, Map<string, KubeObject>>();
  readonly #server: Server;
  readonly #certificate: string;

  private constructor({ certificate, privateKey }: { certificate: string; privateKey: string }) {
    this.#certificate = certificate;
    this.#server = createServer(
      { cert: certificate, key: privateKey },
      (request, response) => void this.#serve(request, response),
    );
  }

  static async start(): Promise<KubeApiServer> {
    const cluster = new KubeApiServer(await createTestCertificate());
    await new Promise<void>((resolve) => cluster.#server.listen(0, '127.0.0.1', resolve));
    return cluster;
  }

  /** A kubeconfig for it, as YAML. */
  get kubeconfig(): string {
    const { port } = this.#server.address() as AddressInfo;
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      clusters: [
        {
          name: 'test',
          cluster: {
            server: `https://127.0.0.1:${port}`,
            'certificate-authority-data': Buffer.from(this.#certificate).toString('base64'),
          },
        },
      ],
      users: [{ name: 'test', user: { token: TOKEN } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    });
  }

  find(kind: string, name: string): KubeObject | undefined {
    return [...this.objects.values()].find((object) => object.kind === kind && object.metadata.name === name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'http://cluster');
    this.requests.push(`${request.method} ${url.pathname}${url.search}`);
    const answer = this.#answer(request, url, Buffer.concat(chunks).toString());
    if (typeof answer.body === 'string')
      response.writeHead(answer.status, { 'content-type': 'text/plain' }).end(answer.body);
    else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  }

  #answer(request: IncomingMessage, url: URL, body: string): { status: number; body: unknown } {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return refusal(401, 'Unauthorized');
    const discovery = /^\/(?:api|apis)\/([\w.-]+(?:\/[\w.-]+)?)$/.exec(url.pathname)?.[1];
    if (url.pathname.startsWith(`/apis/${GATEWAY_API}`) && this.gatewayClasses === undefined) return refusal(404, 'the server could not find the requested resource'); // prettier-ignore
    if (discovery !== undefined) return { status: 200, body: resourceList(discovery) };
    if (url.pathname === `/apis/${GATEWAY_API}/gatewayclasses`) return { status: 200, body: this.#classList() };
    const log = /^\/api\/v1\/namespaces\/[^/]+\/pods\/([^/]+)\/log$/.exec(url.pathname)?.[1];
    if (log !== undefined) return this.#log(log, url);
    if (/^\/api\/v1\/namespaces\/[^/]+\/pods$/.test(url.pathname)) return { status: 200, body: this.#podList(url) };
    const place = /^\/(?:api|apis)\/(v1|[\w.-]+\/[\w.-]+)\/namespaces\/([^/]+)\/([a-z]+)\/([^/]+)$/.exec(url.pathname);
    const [, group = '', namespace = '', plural = '', name = ''] = place ?? [];
    const kind = KINDS[plural as keyof typeof KINDS] as (typeof KINDS)[keyof typeof KINDS] | undefined;
    if (kind === undefined || kind.group !== group) return refusal(404, `the server could not find ${url.pathname}`);
    const key = `${plural}/${namespace}/${name}`;
    if (request.method === 'PATCH') return this.#apply(request, url, { key, body, namespace, name });
    const present = this.objects.get(key);
    if (present === undefined) return refusal(404, `${plural} "${name}" not found`);
    if (request.method === 'DELETE') {
      this.objects.delete(key);
      return { status: 200, body: { kind: 'Status', status: 'Success' } };
    }
    return { status: 200, body: present };
  }

  #apply(
    request: IncomingMessage,
    url: URL,
    { key, body, namespace, name }: { key: string; body: string; namespace: string; name: string },
  ): { status: number; body: unknown } {
    if (request.headers['content-type'] !== 'application/apply-patch+yaml')
      return refusal(415, 'unsupported media type');
    if (!url.searchParams.get('fieldManager')) return refusal(400, 'fieldManager is required for apply patch');
    const object = JSON.parse(body) as KubeObject;
    const kind = Object.values(KINDS).find((one) => one.kind === object.kind);
    if (kind === undefined || object.apiVersion !== kind.group)
      return refusal(400, `no kind ${object.kind} in ${object.apiVersion}`);
    if (object.metadata.name !== name || object.metadata.namespace !== namespace) return refusal(400, 'the name of the object does not match the name on the URL'); // prettier-ignore
    if (this.forbidden.has(object.kind)) return refusal(403, `User "test" cannot patch ${object.kind}`);
    const manager = url.searchParams.get('fieldManager') ?? '';
    const present = this.objects.get(key);
    const parts = new Map(present === undefined ? [] : this.#applied.get(key)).set(manager, object);
    const whole = withDefaults([...parts.values()].reduce((one, other) => merged(one, other) as KubeObject));
    try {
      new kind.model(whole as never).validate();
    } catch (error) {
      return refusal(422, `${object.kind} "${name}" is invalid: ${String(error)}`);
    }
    const same = JSON.stringify(present?.['spec']) === JSON.stringify(whole['spec']);
    const generation = (present?.metadata.generation ?? 0) + (same ? 0 : 1);
    const managedFields = [...parts].map(([one, part]) => ({
      manager: one,
      operation: 'Apply',
      fieldsV1: { 'f:spec': Object.fromEntries(Object.keys(part['spec'] ?? {}).map((field) => [`f:${field}`, {}])) },
    }));
    const next: KubeObject = {
      ...whole,
      metadata: { ...whole.metadata, generation, uid: 'u', managedFields },
      ...(present?.status === undefined ? {} : { status: present.status }),
    };
    if (url.searchParams.get('dryRun') !== 'All') {
      this.#control(next);
      this.objects.set(key, next);
      this.#applied.set(key, parts);
    }
    return { status: present === undefined ? 201 : 200, body: next };
  }

  /** What controllers would make of an object. */
  #control(object: KubeObject): void {
    const { kind, metadata } = object;
    if (kind === 'Deployment' && this.failing.has(metadata.name)) this.pods.push(endedPod(object));
    if (!this.settles) return;
    const { replicas } = (object['spec'] ?? {}) as { replicas?: number };
    const counts = { replicas, updatedReplicas: replicas, availableReplicas: replicas, readyReplicas: replicas };
    if (kind === 'Deployment') object.status = { observedGeneration: metadata.generation, ...counts };
    if (kind === 'HTTPRoute') object.status = { parents: [{ conditions: [{ type: 'Accepted', status: 'True' }] }] };
  }

  #classList(): unknown {
    const items = (this.gatewayClasses ?? []).map((name) => ({ metadata: { name } }));
    return { apiVersion: GATEWAY_API, kind: 'GatewayClassList', metadata: {}, items };
  }

  #podList(url: URL): unknown {
    const selector = Object.fromEntries(
      (url.searchParams.get('labelSelector') ?? '').split(',').map((pair) => pair.split('=')),
    );
    const items = this.pods.filter(({ metadata }) => {
      const labels = metadata['labels'] as Record<string, string>;
      return Object.entries(selector).every(([key, value]) => labels[key] === value);
    });
    return { apiVersion: 'v1', kind: 'PodList', metadata: {}, items };
  }

  #log(pod: string, url: URL): { status: number; body: unknown } {
    const text = this.podLogs.get(url.searchParams.get('previous') === 'true' ? `${pod} previous` : pod);
    return text === undefined ? refusal(400, 'container is waiting to start') : { status: 200, body: text };
  }
}

function endedPod({ metadata, ...deployment }: KubeObject): KubeObject {
  const { selector } = deployment['spec'] as { selector: { matchLabels: Record<string, string> } };
  const { name, namespace, annotations } = metadata;
  const state = { terminated: { exitCode: 1, reason: 'Error' } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${name}-pod`, namespace, labels: selector.matchLabels, annotations } as KubeObject['metadata'],
    status: { containerStatuses: [{ name: 'scorer', ready: false, state }] },
  };
}

/** Objects key by key; lists and values of the later one win. */
function merged(one: unknown, other: unknown): unknown {
  if (typeof one !== 'object' || typeof other !== 'object' || Array.isArray(other) || one === null || other === null) return other; // prettier-ignore
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  const pick = (value: object, key: string): unknown => (value as Record<string, unknown>)[key];
  return Object.fromEntries([...keys].map((key) => [key, key in other ? merged(pick(one, key), pick(other, key)) : pick(one, key)])); // prettier-ignore
}

/** The one default that decides whether a service shrinks: a Deployment without a number of replicas has one. */
function withDefaults(object: KubeObject): KubeObject {
  if (object.kind !== 'Deployment') return object;
  return { ...object, spec: { replicas: 1, ...(object['spec'] as object) } };
}

function resourceList(groupVersion: string): unknown {
  const classes = {
    name: 'gatewayclasses',
    singularName: '',
    namespaced: false,
    kind: 'GatewayClass',
    verbs: ['list'],
  };
  const resources: object[] = Object.entries(KINDS)
    .filter(([, { group }]) => group === groupVersion)
    .map(([name, { kind }]) => ({ name, singularName: '', namespaced: true, kind, verbs: ['get', 'patch', 'delete'] }));
  if (groupVersion === GATEWAY_API) resources.push(classes);
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

function refusal(code: number, message: string): { status: number; body: unknown } {
  return { status: code, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code } };
}
