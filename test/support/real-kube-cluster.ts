import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'vitest';
import { freePort } from './free-port.ts';

const TOKEN = 'a-token-for-the-tests';
const START_MS = 120_000;

/** The programs of a cluster, by variables of the environment: nobody can install them by name. */
function programs(): { etcd: string; apiserver: string; controllers: string | undefined } | string {
  const apiserver = process.env['EDGEWRIGHT_KUBE_APISERVER'];
  if (apiserver === undefined) return 'EDGEWRIGHT_KUBE_APISERVER names no kube-apiserver';
  const etcd = process.env['EDGEWRIGHT_ETCD'] ?? '/usr/bin/etcd';
  const missing = [apiserver, etcd].find((file) => !existsSync(file));
  if (missing !== undefined)
    return `there is no ${missing} (etcd is the Debian package etcd-server; EDGEWRIGHT_ETCD names another)`;
  return { etcd, apiserver, controllers: process.env['EDGEWRIGHT_KUBE_CONTROLLER_MANAGER'] };
}

/** An object of the API. */
export interface KubeAnswer {
  readonly [key: string]: unknown;
}

/**
 * A Kubernetes control plane: etcd and kube-apiserver, and the controllers where EDGEWRIGHT_KUBE_CONTROLLER_MANAGER names them. There are no
 * nodes: nothing runs, and a test plays the kubelet. Skips the test where the programs are not there, also where all services are
 * asked for: building them takes longer than the suite may.
 */
export class RealKubeCluster implements AsyncDisposable {
  readonly kubeconfig: string;
  readonly hasControllers: boolean;
  readonly #server: string;
  readonly #certificate: Buffer;
  readonly #processes: ChildProcess[];

  private constructor(parts: {
    kubeconfig: string;
    hasControllers: boolean;
    server: string;
    certificate: Buffer;
    processes: ChildProcess[];
  }) {
    this.kubeconfig = parts.kubeconfig;
    this.hasControllers = parts.hasControllers;
    this.#server = parts.server;
    this.#certificate = parts.certificate;
    this.#processes = parts.processes;
  }

  static async start(context: TestContext, folder: string): Promise<RealKubeCluster> {
    const found = programs();
    if (typeof found === 'string') return context.skip(`needs a kube-apiserver: ${found}`);
    const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
    const processes = [
      run(found.etcd, folder, ['--data-dir', 'etcd', '--listen-client-urls', `http://127.0.0.1:${etcdPort}`, '--advertise-client-urls', `http://127.0.0.1:${etcdPort}`, '--listen-peer-urls', `http://127.0.0.1:${peerPort}`, '--unsafe-no-fsync']),
    ];
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await writeFile(path.join(folder, 'sa.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await writeFile(path.join(folder, 'sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
    await writeFile(path.join(folder, 'tokens.csv'), `${TOKEN},admin,admin,system:masters\n`);
    await mkdir(path.join(folder, 'certificates'));
    processes.push(
      run(found.apiserver, folder, ['--etcd-servers', `http://127.0.0.1:${etcdPort}`, '--bind-address', '127.0.0.1', '--secure-port', String(port), '--cert-dir', 'certificates', '--token-auth-file', 'tokens.csv', '--authorization-mode', 'RBAC', '--service-account-issuer', 'https://kubernetes.default.svc', '--service-account-key-file', 'sa.pub', '--service-account-signing-key-file', 'sa.key', '--service-cluster-ip-range', '10.0.0.0/24', '--disable-admission-plugins', 'ServiceAccount']),
    );
    const server = `https://127.0.0.1:${port}`;
    const certificate = path.join(folder, 'certificates', 'apiserver.crt');
    const kubeconfig = path.join(folder, 'kubeconfig');
    const authority = await untilReady(certificate, server, processes);
    await writeFile(kubeconfig, kubeconfigOf(server, authority));
    if (found.controllers !== undefined)
      processes.push(run(found.controllers, folder, ['--kubeconfig', kubeconfig, '--secure-port', '0', '--leader-elect=false', '--concurrent-deployment-syncs', '2', '--controllers', '*,-nodeipam,-node-lifecycle-controller,-cloud-node-lifecycle-controller,-service-lb-controller']));
    return new RealKubeCluster({ kubeconfig, hasControllers: found.controllers !== undefined, server, certificate: authority, processes });
  } // prettier-ignore

  /** Asks the API as `kubectl` would; for what a test does in the place of others. */
  async request(method: string, place: string, body?: unknown, type = 'application/json'): Promise<KubeAnswer> {
    const answer = await call(`${this.#server}${place}`, { method, certificate: this.#certificate, body, type });
    if (answer.status >= 300) throw new TypeError(`${method} ${place}: ${answer.status} ${answer.text.slice(0, 500)}`);
    return JSON.parse(answer.text) as KubeAnswer;
  } // prettier-ignore

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes.toReversed()) {
      const ended = new Promise((resolve) => process.once('exit', resolve));
      process.kill('SIGKILL');
      if (process.exitCode === null) await ended;
    }
  }
}

function run(program: string, folder: string, words: readonly string[]): ChildProcess {
  const log = openSync(path.join(folder, `${path.basename(program)}.log`), 'a');
  return spawn(program, words, { cwd: folder, stdio: ['ignore', log, log] });
}

async function untilReady(certificate: string, server: string, processes: readonly ChildProcess[]): Promise<Buffer> {
  const deadline = performance.now() + START_MS;
  for (;;) {
    if (existsSync(certificate)) {
      const authority = await readFile(certificate);
      const answer = await call(`${server}/readyz`, { method: 'GET', certificate: authority }).catch(() => undefined);
      if (answer?.status === 200) return authority;
    }
    const ended = processes.find(({ exitCode }) => exitCode !== null);
    if (ended !== undefined || performance.now() > deadline) throw new TypeError(`the cluster does not start: ${ended?.spawnfile ?? 'too slow'}`);
    await sleep(200);
  }
} // prettier-ignore

function kubeconfigOf(server: string, certificate: Buffer): string {
  const cluster = { server, 'certificate-authority-data': certificate.toString('base64') };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'real',
    clusters: [{ name: 'real', cluster }],
    users: [{ name: 'real', user: { token: TOKEN } }],
    contexts: [{ name: 'real', context: { cluster: 'real', user: 'real' } }],
  });
}

interface Call {
  readonly method: string;
  readonly certificate: Buffer;
  readonly body?: unknown;
  readonly type?: string;
}

async function call(url: string, { method, certificate, body, type = 'application/json' }: Call): Promise<{ status: number; text: string }> {
  return await new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': type };
    const sent = request(url, { method, ca: certificate, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
} // prettier-ignore
