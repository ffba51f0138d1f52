import { Readable } from 'node:stream';
import { checkDocument } from '@edgewright/contract';
import Type from 'typebox';
import type { EdgeDevices } from '../edge-devices.ts';
import type { JsonReply, JsonRequest, JsonRoute } from '../http/json-route.ts';
import { parameter } from '../http/json-route.ts';
import type { Hub } from '../hub/hub.ts';
import type { IdentityName } from '../hub/identity.ts';
import type { SimulatorClient } from '../simulator-client.ts';
import { SimulatorError } from '../simulator-error.ts';
import { PageAccess } from './page-access.ts';
import { readAsset } from './page-assets.ts';
import { pageStream } from './page-stream.ts';

const TwinSchema = Type.Object(
  {
    desired: Type.Record(Type.String(), Type.Unknown()),
    tags: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    /** The version of the desired properties that was edited. */
    version: Type.Integer(),
  },
  { additionalProperties: false },
);

const MessageSchema = Type.Object(
  {
    deviceId: Type.String(),
    moduleId: Type.String({ minLength: 1 }),
    output: Type.String(),
    body: Type.String(),
    properties: Type.Record(Type.String(), Type.String()),
    contentType: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);

/** Nothing from elsewhere, no frames around it, and no script in the page itself. */
const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

const REFUSAL = `<!doctype html><meta charset="utf-8"><title>Edgewright simulator</title>
<p>This page opens with the address that <code>edgewright sim start</code> prints: it carries a token.</p>`;

export interface PageOptions {
  readonly simulator: SimulatorClient;
  readonly hub: Hub;
  readonly edgeDevices: EdgeDevices;
}

/** The page of a simulator: its files, what it follows, and what it can do beyond the control interface. */
export class Page {
  readonly access = new PageAccess();
  readonly routes: readonly JsonRoute[];
  readonly #options: PageOptions;

  constructor(options: PageOptions) {
    this.#options = options;
    const { hub, edgeDevices } = options;
    this.routes = [
      { method: 'GET', path: '/', handle: (request) => this.#enter(request) },
      { method: 'GET', path: '/page/:file', handle: (request) => asset(parameter(request, 'file')) },
      {
        method: 'GET',
        path: '/page/api/events',
        handle: ({ signal }) => ({
          status: 200,
          headers: { ...headers, 'content-type': 'text/event-stream' },
          stream: pageStream({ hub, edgeDevices, signal }),
        }),
      },
      { method: 'GET', path: '/page/api/twins/:deviceId', handle: (request) => this.#twin(request) },
      { method: 'GET', path: '/page/api/twins/:deviceId/:moduleId', handle: (request) => this.#twin(request) },
      { method: 'PUT', path: '/page/api/twins/:deviceId', handle: (request) => this.#replaceTwin(request) },
      { method: 'PUT', path: '/page/api/twins/:deviceId/:moduleId', handle: (request) => this.#replaceTwin(request) },
      { method: 'POST', path: '/page/api/messages', handle: (request) => this.#send(request) },
    ];
  }

  /** True for the page's own address, which checks for itself who comes. */
  isEntrance(path: string): boolean {
    return path === '/';
  }

  async #enter(request: JsonRequest): Promise<JsonReply> {
    const cookie = this.access.isForHere(request.header('host'))
      ? this.access.cookieFor(request.query['token'])
      : undefined;
    // the token leaves the address bar, and with it the history
    if (cookie !== undefined) return { status: 303, headers: { ...headers, location: '/', 'set-cookie': cookie } };
    const isLetIn = this.access.allows({ method: 'GET', header: (name) => request.header(name) });
    if (isLetIn) return await asset('index.html');
    return {
      status: 401,
      headers: { ...headers, 'content-type': 'text/html; charset=utf-8' },
      stream: Readable.from([REFUSAL]),
    };
  }

  #twin(request: JsonRequest): JsonReply {
    const { deviceId, moduleId } = nameOf(request);
    const { desired, reported, tags } = this.#options.hub.twin(deviceId, moduleId);
    return {
      status: 200,
      body: {
        desired: desired.properties,
        reported: reported.properties,
        version: desired.version,
        ...(moduleId === undefined && { tags }),
      },
    };
  }

  #replaceTwin(request: JsonRequest): JsonReply {
    const name = nameOf(request);
    const { hub } = this.#options;
    const { desired, tags, version } = checkDocument(TwinSchema, request.body, 'the twin');
    const now = hub.twin(name.deviceId, name.moduleId).desired.version;
    if (now !== version) {
      const text = `the desired properties have changed meanwhile, from version ${version} to ${now}; load them again`;
      throw new SimulatorError('SimulatedHubConflict', text, { details: { ...name, version: now } });
    }
    hub.replaceTwin(name, {
      desired: desired,
      ...(tags !== undefined && name.moduleId === undefined && { tags: tags }),
    });
    return this.#twin(request);
  }

  async #send(request: JsonRequest): Promise<JsonReply> {
    const { deviceId, moduleId, output, body, properties, contentType } = checkDocument(
      MessageSchema,
      request.body,
      'the message',
    );
    const kind = contentType === undefined || contentType === '' ? {} : { contentType, contentEncoding: 'utf-8' };
    const result = await this.#options.simulator.send({
      deviceId,
      moduleId,
      output,
      messages: [{ body, properties, ...kind }],
      signal: request.signal,
    });
    return { status: 200, body: result };
  }
}

async function asset(name: string): Promise<JsonReply> {
  const { type, content } = await readAsset(name);
  return { status: 200, headers: { ...headers, 'content-type': type }, stream: Readable.from([content]) };
}

function nameOf(request: JsonRequest): IdentityName {
  const { moduleId } = request.parameters;
  return { deviceId: parameter(request, 'deviceId'), ...(moduleId !== undefined && { moduleId }) };
}
