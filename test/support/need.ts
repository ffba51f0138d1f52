import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import path from 'node:path';
import type { TestContext } from 'vitest';
import { pythonEnvironment } from './python-environment.ts';

/** What a test gets from each service that it needs. */
export interface Services {
  /** A Docker Engine, by its socket. */
  readonly docker: { readonly socketPath: string };
  /** A container registry on this machine, without TLS. */
  readonly registry: { readonly host: string };
  /** The kernel runs arm64 programs, in containers too. */
  readonly 'qemu-arm64': { readonly interpreter: string };
  /** The kernel runs armv7 programs, in containers too. */
  readonly 'qemu-arm': { readonly interpreter: string };
  /** qemu's emulators of programs, for tests that call them by name. */
  readonly 'qemu-aarch64-static': { readonly executable: string };
  readonly 'qemu-arm-static': { readonly executable: string };
  readonly mmdebstrap: { readonly executable: string };
  /** The program, for registries that a test starts itself (`test/support/docker-registry.ts`). */
  readonly 'docker-registry': { readonly executable: string };
  readonly openssl: { readonly executable: string };
  readonly prometheus: { readonly executable: string };
  readonly skopeo: { readonly executable: string };
  readonly chromium: { readonly executable: string };
  readonly mosquitto: { readonly executable: string };
  readonly mosquitto_pub: { readonly executable: string };
  readonly mosquitto_sub: { readonly executable: string };
  /** A Python with Azure's device client. */
  readonly 'python-azure-iot': { readonly executable: string };
  /** Python with gRPC and ONNX Runtime, for a server of models (`test/support/accelerator`). */
  readonly python: { readonly executable: string };
  /** A Python with OpenTelemetry's own classes, for a receiver of spans (`test/support/otlp`). */
  readonly 'python-otlp': { readonly executable: string };
  /** This process may listen on ports below 1024, and this loopback address is there. */
  readonly 'port-443': { readonly address: string };
}

type Probe<Service> = () => Promise<Service | string>;

const PROBE_TIMEOUT_MS = 3_000;

/** One probe a service: what it gives, or, as a text, why it is not there. */
const probes: { readonly [Name in keyof Services]: Probe<Services[Name]> } = {
  docker: probeDocker,
  registry: probeRegistry,
  'qemu-arm64': () => probeEmulation('qemu-aarch64', 'arm64'),
  'qemu-arm': () => probeEmulation('qemu-arm', 'arm'),
  'qemu-aarch64-static': () => probeExecutable('qemu-aarch64-static'),
  'qemu-arm-static': () => probeExecutable('qemu-arm-static'),
  mmdebstrap: async () =>
    process.getuid?.() === 0 ? probeExecutable('mmdebstrap') : 'mmdebstrap needs root to make a base image',
  'docker-registry': () => probeExecutable('docker-registry'),
  openssl: () => probeExecutable('openssl'),
  prometheus: () => probeExecutable('prometheus'),
  skopeo: () => probeExecutable('skopeo'),
  chromium: () => probeExecutable('chromium'),
  mosquitto: () => probeExecutable('mosquitto'),
  mosquitto_pub: () => probeExecutable('mosquitto_pub'),
  mosquitto_sub: () => probeExecutable('mosquitto_sub'),
  'python-azure-iot': () => pythonEnvironment('azure-iot/requirements.txt'),
  python: () => pythonEnvironment('accelerator/requirements.txt'),
  'python-otlp': () => pythonEnvironment('otlp/requirements.txt'),
  'port-443': probeLowPort,
};

/**
 * Gives a test the service that it needs. Where the service is missing the test is skipped, and the reason is printed at
 * the end of the run; with `EDGEWRIGHT_FULL=1`, as in CI, a missing service is a failure.
 *
 * @param context the test's own context: skipping ends the test here
 */
export async function need<Name extends keyof Services>(context: TestContext, name: Name): Promise<Services[Name]> {
  const found = await probes[name]();
  if (typeof found !== 'string') return found;
  if (process.env['EDGEWRIGHT_FULL'] === '1') {
    throw new TypeError(`EDGEWRIGHT_FULL is set, but this test lacks ${name}: ${found}`);
  }
  return context.skip(`needs ${name}: ${found}`);
}

async function probeDocker(): Promise<Services['docker'] | string> {
  const address = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
  if (!address.startsWith('unix://')) return `DOCKER_HOST is ${address}, and tests use a local socket only`;
  const socketPath = address.slice('unix://'.length);
  const status = await statusOf({ socketPath, path: '/_ping' });
  return status === 200 ? { socketPath } : `no Docker Engine answers at ${socketPath} (${status})`;
}

async function probeRegistry(): Promise<Services['registry'] | string> {
  const host = process.env['EDGEWRIGHT_REGISTRY'];
  if (host === undefined) return 'EDGEWRIGHT_REGISTRY names no registry (HOST:PORT on this machine)';
  const status = await statusOf({ ...splitHost(host), path: '/v2/' });
  return status === 200 ? { host } : `no registry answers at ${host} (${status})`;
}

function splitHost(address: string): { host: string; port: string } {
  const { hostname, port } = new URL(`http://${address}`);
  return { host: hostname, port };
}

/** The HTTP status of a GET, or the reason why there was none. */
function statusOf(options: {
  readonly path: string;
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: string;
}): Promise<number | string> {
  return new Promise((resolve) => {
    const call = request({ ...options, timeout: PROBE_TIMEOUT_MS }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.on('timeout', () => call.destroy(new TypeError('no answer in time')));
    call.on('error', (error) => resolve(error.message));
    call.end();
  });
}

async function probeEmulation(entry: string, architecture: string): Promise<{ interpreter: string } | string> {
  if (process.arch === architecture) return { interpreter: 'none' };
  const file = `/proc/sys/fs/binfmt_misc/${entry}`;
  if (!existsSync(file))
    return `the kernel has no binfmt entry ${entry} (package qemu-user-static, loaded with flags F)`;
  const text = readFileSync(file, 'utf8');
  const interpreter = /^interpreter (.+)$/m.exec(text)?.[1];
  const works = text.startsWith('enabled') && /^flags: .*F/m.test(text) && interpreter !== undefined;
  return works
    ? { interpreter }
    : `the binfmt entry ${entry} is off, or lacks flag F and so does not reach into containers`;
}

/** An address of its own: others may have 443 of 127.0.0.1. */
function probeLowPort(): Promise<{ address: string } | string> {
  const address = '127.81.4.43';
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(`cannot listen on ${address}:443: ${error.message}`));
    server.listen(443, address, () => server.close(() => resolve({ address })));
  });
}

async function probeExecutable(name: string): Promise<{ executable: string } | string> {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  const executable = folders.map((folder) => path.join(folder, name)).find(isExecutable);
  return executable === undefined ? `there is no ${name} on the PATH (Debian package ${name})` : { executable };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
