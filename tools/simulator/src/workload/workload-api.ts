import { createHmac } from 'node:crypto';
import { messageOf } from '@edgewright/contract';
import type { Hub } from '../hub/hub.ts';
import type { Identity } from '../hub/identity.ts';
import { SimulatorError } from '../simulator-error.ts';
import type { CertificateIssuer, IssuedCertificate } from './certificate-issuer.ts';
import { decryptData, encryptData } from './data-protection.ts';
import type { DataOwner } from './data-protection.ts';
import type { WorkloadModule } from './workload-module.ts';

/** What the daemon of IoT Edge 1.6 accepts as `api-version`. */
export const workloadApiVersions = [
  '2018-06-28',
  '2019-01-30',
  '2019-10-22',
  '2019-11-05',
  '2020-07-07',
  '2021-12-07',
  '2022-08-03',
] as const;

export interface WorkloadRequest {
  readonly method: string;
  /** The path with its query, as it was asked for. */
  readonly url: string;
  readonly body: Buffer;
  /** The only module that may ask here; undefined where nobody is told apart. */
  readonly caller: string | undefined;
}

export interface WorkloadReply {
  readonly status: number;
  /** Sent as JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface WorkloadApiOptions {
  readonly hub: Hub;
  /** The edge device. */
  readonly deviceId: string;
  readonly certificates: CertificateIssuer;
  /** The modules that the device runs. */
  readonly modules: () => readonly WorkloadModule[];
}

interface Call {
  /** The variables of the path, decoded. */
  readonly moduleId: string;
  readonly generationId: string;
  readonly body: Buffer;
}

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  readonly handle: (call: Call) => WorkloadReply | Promise<WorkloadReply>;
}

/** The workload API of IoT Edge's daemon: what a module needs to prove who it is, and to protect its data. */
export class WorkloadApi {
  readonly #options: WorkloadApiOptions;
  readonly #routes: readonly Route[];

  constructor(options: WorkloadApiOptions) {
    this.#options = options;
    const { certificates, modules } = options;
    const ofModule = (operation: string) => new RegExp(`^/modules/([^/]+)/genid/([^/]+)/${operation}$`);
    this.#routes = [
      { method: 'GET', path: /^\/modules\/?$/, handle: () => ok({ modules: modules() }) },
      { method: 'GET', path: /^\/trust-bundle$/, handle: () => ok({ certificate: certificates.trustBundle }) },
      { method: 'GET', path: /^\/manifest-trust-bundle$/, handle: () => ok({ certificate: '' }) },
      { method: 'POST', path: ofModule('sign'), handle: (call) => this.#sign(call) },
      { method: 'POST', path: ofModule('encrypt'), handle: (call) => this.#encrypt(call) },
      { method: 'POST', path: ofModule('decrypt'), handle: (call) => this.#decrypt(call) },
      { method: 'POST', path: ofModule('certificate/server'), handle: (call) => this.#serverCertificate(call) },
      {
        method: 'POST',
        path: /^\/modules\/([^/]+)\/certificate\/identity$/,
        handle: (call) => this.#identityCertificate(call),
      },
    ];
  }

  /** Answers a request. Never throws: failures are answers too. */
  async answer(request: WorkloadRequest): Promise<WorkloadReply> {
    try {
      return await this.#answer(request);
    } catch (error) {
      return failure(500, messageOf(error));
    }
  }

  async #answer({ method, url, body, caller }: WorkloadRequest): Promise<WorkloadReply> {
    const [path = '', query = ''] = url.split('?', 2);
    const version = new URLSearchParams(query).get('api-version') ?? '';
    const routes = this.#routes.filter((route) => route.path.test(path));
    if (routes.length === 0) return failure(404, `the workload API has no ${path}`);
    if (!(workloadApiVersions as readonly string[]).includes(version)) {
      return failure(400, `the api-version "${version}" is not one of ${workloadApiVersions.join(', ')}`);
    }
    const route = routes.find((candidate) => candidate.method === method);
    if (route === undefined) return failure(400, `${method} is not possible on ${path}`);
    const [, moduleId = '', generationId = ''] = (route.path.exec(path) ?? []).map((part) => decodeURIComponent(part));
    if (caller !== undefined && moduleId !== '' && moduleId !== caller) return failure(403, 'forbidden');
    return await route.handle({ moduleId, generationId, body });
  }

  #sign({ moduleId, body }: Call): WorkloadReply {
    const { primaryKey } = this.#identity(moduleId);
    return withFields(body, ['data'], ([data = '']) => {
      const key = Buffer.from(primaryKey, 'base64');
      return ok({ digest: createHmac('sha256', key).update(Buffer.from(data, 'base64')).digest('base64') });
    });
  }

  #encrypt({ moduleId, generationId, body }: Call): WorkloadReply {
    const owner = this.#owner(moduleId, generationId);
    return withFields(body, ['plaintext', 'initializationVector'], ([plaintext = '', vector = '']) => {
      const ciphertext = encryptData(owner, Buffer.from(plaintext, 'base64'), Buffer.from(vector, 'base64'));
      return ok({ ciphertext: ciphertext.toString('base64') });
    });
  }

  #decrypt({ moduleId, generationId, body }: Call): WorkloadReply {
    const owner = this.#owner(moduleId, generationId);
    return withFields(body, ['ciphertext', 'initializationVector'], ([ciphertext = '', vector = '']) => {
      const plaintext = decryptData(owner, Buffer.from(ciphertext, 'base64'), Buffer.from(vector, 'base64'));
      return ok({ plaintext: plaintext.toString('base64') });
    });
  }

  async #serverCertificate({ moduleId, body }: Call): Promise<WorkloadReply> {
    const fields = parseFields(body);
    if (!('fields' in fields)) return fields;
    const { commonName } = fields.fields;
    if (typeof commonName !== 'string' || commonName === '') return failure(422, 'commonName must be a text');
    const certificate = await this.#options.certificates.issue({
      commonName,
      purpose: 'server',
      alternativeNames: [commonName, moduleId.replace(/^\$/, '')],
    });
    return created(certificate);
  }

  async #identityCertificate({ moduleId }: Call): Promise<WorkloadReply> {
    const { hub, deviceId, certificates } = this.#options;
    const identity = this.#identity(moduleId);
    const certificate = await certificates.issue({
      commonName: moduleId,
      purpose: 'client',
      // the daemon writes this text as a DNS name
      alternativeNames: [`URI: azureiot://${hub.hostName}/devices/${deviceId}/modules/${identity.moduleId ?? ''}`],
    });
    return created(certificate);
  }

  /** @throws SimulatorError, answered with 500 as the daemon does */
  #identity(moduleId: string): Identity {
    return this.#options.hub.requireIdentity(this.#options.deviceId, moduleId);
  }

  #owner(moduleId: string, generationId: string): DataOwner {
    const { hub, deviceId } = this.#options;
    this.#identity(moduleId);
    return { moduleId, generationId, deviceKey: hub.requireIdentity(deviceId).primaryKey };
  }
}

/** Hands the fields of a JSON body on, which must all be base64. */
function withFields(
  body: Buffer,
  names: readonly string[],
  handle: (values: readonly string[]) => WorkloadReply,
): WorkloadReply {
  const parsed = parseFields(body);
  if (!('fields' in parsed)) return parsed;
  const values: string[] = [];
  for (const name of names) {
    const value = parsed.fields[name];
    if (typeof value !== 'string') return failure(422, `${name} must be a text`);
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value) || value.length % 4 !== 0) return failure(400, `${name} is not base64`);
    values.push(value);
  }
  try {
    return handle(values);
  } catch (error) {
    if (error instanceof SimulatorError && error.fault === 'user') return failure(400, error.message);
    throw error;
  }
}

function parseFields(body: Buffer): { readonly fields: Readonly<Record<string, unknown>> } | WorkloadReply {
  if (body.length === 0) return failure(400, 'the request has no body');
  try {
    const value = JSON.parse(body.toString('utf8')) as unknown;
    if (typeof value === 'object' && value !== null) return { fields: value as Readonly<Record<string, unknown>> };
    return failure(422, 'the body is not a JSON object');
  } catch (error) {
    return failure(422, `the body is not JSON: ${messageOf(error)}`);
  }
}

function ok(body: WorkloadReply['body']): WorkloadReply {
  return { status: 200, body };
}

function created({ certificate, privateKey, expiration }: IssuedCertificate): WorkloadReply {
  return { status: 201, body: { privateKey: { type: 'key', bytes: privateKey }, certificate, expiration } };
}

/** An answer that says no. */
export function failure(status: number, message: string): WorkloadReply {
  return { status, body: { message } };
}
