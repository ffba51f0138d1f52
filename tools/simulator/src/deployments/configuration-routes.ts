import { checkDocument, messageOf } from '@edgewright/contract';
import Type from 'typebox';
import type { Static } from 'typebox';
import { parameter } from '../http/json-route.ts';
import type { JsonReply, JsonRequest } from '../http/json-route.ts';
import { hubFault } from '../hub/hub-fault.ts';
import type { Hub } from '../hub/hub.ts';
import { parseQuery } from '../hub/query/parse-query.ts';
import { matchCondition, requireMatch } from '../hub/rest/rest-conditions.ts';
import type { RestRoute } from '../hub/rest/rest-route.ts';
import { differenceBetween } from '../hub/twin-section.ts';
import type { Configuration, ConfigurationSettings } from './configuration.ts';
import { metricsOf, systemQueries } from './deployment-metrics.ts';
import type { Deployments } from './deployments.ts';
import { parseTargetCondition } from './target-condition.ts';

const Texts = Type.Record(Type.String(), Type.String());
const OrNull = <Schema extends Type.TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));

/** What is sent; members that only the hub writes are ignored. */
const ConfigurationBodySchema = Type.Object({
  id: Type.Optional(Type.String()),
  schemaVersion: OrNull(Type.String()),
  labels: OrNull(Texts),
  content: OrNull(Type.Record(Type.String(), Type.Unknown())),
  targetCondition: OrNull(Type.String()),
  priority: OrNull(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })),
  metrics: OrNull(Type.Object({ queries: OrNull(Texts) })),
});

const TestBodySchema = Type.Object({ targetCondition: OrNull(Type.String()), customMetricQueries: OrNull(Texts) });

const ONE = '/configurations/:id';

/** Deployments that apply by themselves. */
export function configurationRoutes(hub: Hub, deployments: Deployments): RestRoute[] {
  const read = { permissions: ['registryRead', 'serviceConnect'] } as const;
  const write = { permissions: ['registryWrite', 'serviceConnect'] } as const;
  const json = (configuration: Configuration) => configurationJson(hub, configuration);
  return [
    {
      ...read,
      method: 'GET',
      path: '/configurations',
      handle: ({ query }) => ({ status: 200, body: deployments.list().slice(0, topOf(query['top'])).map(json) }),
    },
    {
      ...read,
      method: 'GET',
      path: ONE,
      handle: (request) => reply(hub, deployments.get(parameter(request, 'id'))),
    },
    { ...write, method: 'PUT', path: ONE, handle: (request) => put(hub, deployments, request) },
    {
      ...write,
      method: 'DELETE',
      path: ONE,
      handle: (request) => {
        const { id, etag } = deployments.get(parameter(request, 'id'));
        requireMatch(matchCondition(request), etag, `configuration "${id}"`);
        deployments.remove(id);
        return { status: 204 };
      },
    },
    { ...read, method: 'POST', path: '/configurations/testQueries', handle: ({ body }) => testQueries(body) },
  ];
}

/** Without If-Match it creates, with it updates. */
function put(hub: Hub, deployments: Deployments, request: JsonRequest): JsonReply {
  const id = parameter(request, 'id');
  const body = checkDocument(ConfigurationBodySchema, request.body, 'the request body');
  if (body.id !== undefined && body.id !== id) {
    throw hubFault('ArgumentInvalid', `the request body is about "${body.id}", the path about "${id}"`);
  }
  const settings = settingsOf(body);
  const condition = matchCondition(request);
  if (condition.kind === 'none') {
    const schemaVersion = body.schemaVersion ?? '1.0';
    return reply(hub, deployments.create({ ...settings, id, schemaVersion, content: body.content ?? {} }));
  }
  const before = deployments.get(id);
  requireMatch(condition, before.etag, `configuration "${id}"`);
  if (body.content && !isSame(withoutNulls(body.content), before.content)) {
    throw hubFault(
      'ArgumentInvalid',
      `cannot change the content of configuration "${id}": only labels, priority, target condition and metrics can be changed; make a new configuration instead`,
      { id },
    );
  }
  return reply(hub, deployments.update(id, settings));
}

function settingsOf(body: Static<typeof ConfigurationBodySchema>): ConfigurationSettings {
  return {
    ...(body.labels && { labels: body.labels }),
    ...(typeof body.targetCondition === 'string' && { targetCondition: body.targetCondition }),
    ...(typeof body.priority === 'number' && { priority: body.priority }),
    ...(body.metrics?.queries && { metricQueries: body.metrics.queries }),
  };
}

function testQueries(body: unknown): JsonReply {
  const { targetCondition, customMetricQueries } = checkDocument(TestBodySchema, body, 'the request body');
  const errors = Object.entries(customMetricQueries ?? {}).flatMap(([name, query]) => {
    const problem = problemOf(() => parseQuery(query));
    return problem === null ? [] : [[name, problem]];
  });
  return {
    status: 200,
    body: {
      targetConditionError: problemOf(() => parseTargetCondition(targetCondition ?? '')),
      customMetricQueryErrors: Object.fromEntries(errors),
    },
  };
}

function problemOf(action: () => unknown): string | null {
  try {
    action();
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

function configurationJson(hub: Hub, configuration: Configuration): object {
  return {
    id: configuration.id,
    schemaVersion: configuration.schemaVersion,
    labels: configuration.labels,
    content: configuration.content,
    targetCondition: configuration.targetCondition,
    createdTimeUtc: configuration.createdTime,
    lastUpdatedTimeUtc: configuration.lastUpdatedTime,
    priority: configuration.priority,
    systemMetrics: metricsOf(hub, systemQueries(configuration)),
    metrics: metricsOf(hub, configuration.metricQueries),
    etag: configuration.etag,
  };
}

function reply(hub: Hub, configuration: Configuration): JsonReply {
  return { status: 200, body: configurationJson(hub, configuration), etag: configuration.etag };
}

function topOf(text: string | undefined): number {
  const top = Number(text ?? 100);
  if (Number.isInteger(top) && top >= 1 && top <= 100) return top;
  throw hubFault('ArgumentInvalid', `top=${text ?? ''} is not a number from 1 to 100`);
}

function withoutNulls(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
}

function isSame(one: object, other: object): boolean {
  return Object.keys(differenceBetween(withoutNulls({ ...one }), withoutNulls({ ...other }))).length === 0;
}
