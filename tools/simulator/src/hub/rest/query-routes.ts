import { checkDocument } from '@edgewright/contract';
import Type from 'typebox';
import type { JsonReply, JsonRequest } from '../../http/json-route.ts';
import type { Hub } from '../hub.ts';
import { hubFault } from '../hub-fault.ts';
import { runQuery } from '../query/run-query.ts';
import type { RestRoute } from './rest-route.ts';

const DEFAULT_PAGE = 1000;
const MAX_PAGE = 10_000;

const QueryBodySchema = Type.Object({ query: Type.String({ minLength: 1 }) });

/** Queries over twins. */
export function queryRoutes(hub: Hub): RestRoute[] {
  return [
    {
      method: 'POST',
      path: '/devices/query',
      permissions: ['serviceConnect', 'registryRead'],
      handle: (request) => query(hub, request),
    },
  ];
}

function query(hub: Hub, request: JsonRequest): JsonReply {
  const { query: text } = checkDocument(QueryBodySchema, request.body, 'the request body');
  const pageSize = Number(request.header('x-ms-max-item-count') ?? DEFAULT_PAGE);
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE) {
    throw hubFault('ArgumentInvalid', `x-ms-max-item-count is not a number from 1 to ${MAX_PAGE}`);
  }
  const page = runQuery(hub, { text, pageSize, continuation: request.header('x-ms-continuation') || undefined });
  return {
    status: 200,
    body: page.items,
    headers: {
      'x-ms-item-type': page.itemType,
      ...(page.continuation !== undefined && { 'x-ms-continuation': page.continuation }),
    },
  };
}
