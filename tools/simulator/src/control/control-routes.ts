import { checkDocument, telemetryJson } from '@edgewright/contract';
import Type from 'typebox';
import { parameter } from '../http/json-route.ts';
import type { JsonReply, JsonRequest, JsonRoute } from '../http/json-route.ts';
import type { MethodCall } from '../hub/direct-method.ts';
import type { TelemetryFilter } from '../hub/telemetry-record.ts';
import type { SimulatorClient } from '../simulator-client.ts';
import { cloudMessageRoutes } from './cloud-message-routes.ts';
import { faultRoutes } from './fault-routes.ts';
import { encodeTelemetry } from './telemetry-lines.ts';

const DeviceSchema = Type.Object(
  {
    deviceId: Type.String(),
    edge: Type.Optional(Type.Boolean()),
    mqttPort: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
    authentication: Type.Optional(Type.Enum(['sas', 'selfSigned', 'certificateAuthority'])),
    thumbprint: Type.Optional(Type.String({ pattern: '^[0-9A-Fa-f:]{40,95}$' })),
    primaryKey: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);

const OnlineSchema = Type.Object({ online: Type.Boolean() }, { additionalProperties: false });

const MethodSchema = Type.Object(
  {
    deviceId: Type.String(),
    moduleId: Type.Optional(Type.String()),
    methodName: Type.String({ minLength: 1 }),
    payload: Type.Optional(Type.Unknown()),
    connectTimeoutMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 300_000 })),
    responseTimeoutMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 300_000 })),
  },
  { additionalProperties: false },
);

/** The members of a telemetry filter that are texts, by their names in a query. */
const textFilters = ['deviceId', 'moduleId', 'outputName'] as const;

/** The control interface: what `SimulatorClient` offers, over HTTP. */
export function controlRoutes(simulator: SimulatorClient): JsonRoute[] {
  return [
    { method: 'GET', path: '/api/info', handle: () => ok(simulator.info) },
    { method: 'GET', path: '/api/devices', handle: async () => ok(await simulator.devices()) },
    {
      method: 'POST',
      path: '/api/devices',
      handle: async ({ body }) =>
        ok(await simulator.createDevice(checkDocument(DeviceSchema, body, 'the request body'))),
    },
    {
      method: 'GET',
      path: '/api/devices/:deviceId',
      handle: async (request) => ok(await simulator.device(parameter(request, 'deviceId'))),
    },
    {
      method: 'DELETE',
      path: '/api/devices/:deviceId',
      handle: async (request) => {
        await simulator.removeDevice(parameter(request, 'deviceId'));
        return { status: 204 };
      },
    },
    {
      method: 'PUT',
      path: '/api/devices/:deviceId/online',
      handle: async (request) => {
        const { online } = checkDocument(OnlineSchema, request.body, 'the request body');
        return ok(await simulator.setOnline(parameter(request, 'deviceId'), online));
      },
    },
    {
      method: 'POST',
      path: '/api/devices/:deviceId/modules/:moduleId/credentials',
      handle: async (request) =>
        ok(await simulator.moduleCredentials(parameter(request, 'deviceId'), parameter(request, 'moduleId'))),
    },
    { method: 'GET', path: '/api/telemetry', handle: (request) => telemetry(simulator, request) },
    {
      method: 'GET',
      path: '/api/telemetry/last',
      handle: async () => ok({ sequenceNumber: await simulator.lastSequenceNumber() }),
    },
    { method: 'POST', path: '/api/methods', handle: (request) => invoke(simulator, request) },
    ...faultRoutes(simulator),
    ...cloudMessageRoutes(simulator),
    {
      method: 'POST',
      path: '/api/stop',
      handle: () => ({ status: 202, body: {}, afterwards: () => void simulator.stop() }),
    },
  ];
}

async function invoke(simulator: SimulatorClient, { body, signal }: JsonRequest): Promise<JsonReply> {
  const call: MethodCall = checkDocument(MethodSchema, body, 'the request body');
  return ok(await simulator.invokeMethod({ ...call, signal }));
}

function telemetry(simulator: SimulatorClient, { query, signal }: JsonRequest): JsonReply {
  return {
    status: 200,
    headers: { 'content-type': 'application/x-ndjson; charset=utf-8' },
    stream: encodeTelemetry(
      simulator.monitor(filterOf(query), signal),
      query['format'] === 'json' ? (record) => JSON.stringify(telemetryJson(record)) : undefined,
    ),
  };
}

/** A filter as the query of a request; `property.<name>` stands for an application property, `body.<path>` for a value. */
export function filterQuery(filter: TelemetryFilter): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of textFilters) {
    const value = filter[name];
    if (value !== undefined) query.set(name, value);
  }
  for (const [name, value] of Object.entries(filter.properties ?? {})) query.set(`property.${name}`, value);
  for (const [path, value] of Object.entries(filter.body ?? {})) query.set(`body.${path}`, value);
  if (filter.afterSequenceNumber !== undefined) query.set('after', String(filter.afterSequenceNumber));
  return query;
}

function filterOf(query: JsonRequest['query']): TelemetryFilter {
  const after = query['after'];
  const texts = Object.fromEntries(
    textFilters.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]]])),
  );
  return {
    ...texts,
    properties: withPrefix(query, 'property.'),
    body: withPrefix(query, 'body.'),
    ...(after !== undefined && {
      afterSequenceNumber: checkDocument(Type.Integer({ minimum: 0 }), Number(after), 'the query member "after"'),
    }),
  };
}

function withPrefix(query: JsonRequest['query'], prefix: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) =>
      name.startsWith(prefix) && value !== undefined ? [[name.slice(prefix.length), value] as const] : [],
    ),
  );
}

function ok(body: unknown): JsonReply {
  return { status: 200, body };
}
