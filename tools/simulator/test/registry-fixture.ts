import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { request } from 'node:https';
import type { ProgressEvent } from '@edgewright/contract';
import { Client } from 'azure-iothub';
import type { Registry } from 'azure-iothub';
import { onTestFinished } from 'vitest';
import { CertificateAuthority } from '../src/certificates/certificate-authority.ts';
import { serverCertificate } from '../src/certificates/server-certificate.ts';
import { Deployments } from '../src/deployments/deployments.ts';
import { Hub } from '../src/hub/hub.ts';
import { startRestServer } from '../src/hub/rest/rest-server.ts';
import { createSharedAccessSignature } from '../src/hub/shared-access-signature.ts';
import { SharedAccessPolicies } from '../src/hub/shared-access-policies.ts';
import { SettingsTable } from '../src/state/settings-table.ts';
import { StateDatabase } from '../src/state/state-database.ts';
import { registryFor, restClientFor } from './registry-client.ts';

export interface RegistryFixtureOptions {
  readonly now?: () => number;
}

/** The simulated hub with its REST service, and Azure's unmodified clients for it. Cleans up after the test. */
export class RegistryFixture {
  readonly hub: Hub;
  readonly port: number;
  readonly ca: string;
  readonly policies: SharedAccessPolicies;
  readonly registry: Registry;
  readonly client: Client;
  /** What the hub has reported. */
  readonly events: readonly ProgressEvent[];

  private constructor(
    hub: Hub,
    policies: SharedAccessPolicies,
    server: { port: number; ca: string; events: ProgressEvent[] },
  ) {
    this.events = server.events;
    this.hub = hub;
    this.policies = policies;
    this.port = server.port;
    this.ca = server.ca;
    this.registry = this.registryWith(this.token());
    this.client = new Client(noTransport, restClientFor(this.token(), this));
  }

  static async start({ now = Date.now }: RegistryFixtureOptions = {}): Promise<RegistryFixture> {
    const directory = await mkdtemp(path.join(tmpdir(), 'edgewright-registry-'));
    const database = StateDatabase.open(directory);
    const policies = new SharedAccessPolicies(new SettingsTable(database));
    const authority = await CertificateAuthority.open(directory);
    const certificate = await serverCertificate({ authority, directory, host: 'localhost' });
    const hub = new Hub({ hostName: 'localhost', database, now });
    const events: ProgressEvent[] = [];
    const emit = (event: ProgressEvent) => void events.push(event);
    const deployments = new Deployments({ hub, database, emit });
    const server = await startRestServer({ hub, deployments, policies, certificate, host: '127.0.0.1', port: 0, emit });
    onTestFinished(async () => {
      await server[Symbol.asyncDispose]();
      deployments[Symbol.dispose]();
      database[Symbol.dispose]();
      await rm(directory, { recursive: true, force: true });
    });
    return new RegistryFixture(hub, policies, { port: server.port, ca: authority.trustBundle, events });
  }

  /** A token for the service API, by default the hub owner's, for an hour. */
  token(change: { audience?: string; policy?: string; key?: string; expiresAt?: number } = {}): string {
    const policy = change.policy ?? 'iothubowner';
    const key = change.key ?? this.policies.get(policy)?.primaryKey ?? '';
    const expiresAt = change.expiresAt ?? Math.floor(this.hub.now() / 1000) + 3600;
    return createSharedAccessSignature(change.audience ?? 'localhost', key, { expiresAt, policy });
  }

  registryWith(token: string): Registry {
    return registryFor(token, this);
  }

  /** A bare request, for what the SDK cannot say. */
  async request(method: string, url: string, options: RawRequest = {}): Promise<RawAnswer> {
    const answer = Promise.withResolvers<RawAnswer>();
    const body = options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const sent = request(
      {
        host: '127.0.0.1',
        port: this.port,
        ca: this.ca,
        servername: 'localhost',
        method,
        path: url,
        headers: {
          authorization: this.token(),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...options.headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = response.headers['content-type']?.includes('json') === true;
          const parsed: unknown = text !== '' && isJson ? JSON.parse(text) : text;
          answer.resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parsed });
        });
      },
    );
    sent.on('error', answer.reject);
    sent.end(body);
    return await answer.promise;
  }
}

export interface RawRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** In place of `body`, as it is. */
  readonly text?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

// what the client would send messages through; methods go over REST
const noTransport = {} as ConstructorParameters<typeof Client>[0];
