import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
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
  ingresses: { kind: 'Ingress', group: 'networking.k8s.io/v1', model: Ingress },
} as const;

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
  /** Kinds that the account may not change. */
  readonly forbidden = new Set<string>();
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
    if (discovery !== undefined) return { status: 200, body: resourceList(discovery) };
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
    try {
      new kind.model(object as never).validate();
    } catch (error) {
      return refusal(422, `${object.kind} "${name}" is invalid: ${String(error)}`);
    }
    const present = this.objects.get(key);
    const same = JSON.stringify(present?.['spec']) === JSON.stringify(object['spec']);
    const generation = (present?.metadata.generation ?? 0) + (same ? 0 : 1);
    const next: KubeObject = {
      ...object,
      metadata: {
        ...object.metadata,
        generation,
        uid: 'u',
        managedFields: [{ manager: url.searchParams.get('fieldManager') }],
      },
      ...(present?.status === undefined ? {} : { status: present.status }),
    };
    if (url.searchParams.get('dryRun') !== 'All') this.objects.set(key, next);
    return { status: present === undefined ? 201 : 200, body: next };
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

function resourceList(groupVersion: string): unknown {
  const resources = Object.entries(KINDS)
    .filter(([, { group }]) => group === groupVersion)
    .map(([name, { kind }]) => ({ name, singularName: '', namespaced: true, kind, verbs: ['get', 'patch', 'delete'] }));
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

function refusal(code: number, message: string): { status: number; body: unknown } {
  return { status: code, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code } };
}
