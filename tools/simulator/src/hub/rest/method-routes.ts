import { checkDocument } from '@edgewright/contract';
import Type from 'typebox';
import type { Hub } from '../hub.ts';
import { hubFault } from '../hub-fault.ts';
import { parameter } from '../../http/json-route.ts';
import type { JsonReply, JsonRequest } from '../../http/json-route.ts';
import type { RestRoute } from './rest-route.ts';

const MAX_NAME_LENGTH = 100;
const MAX_PAYLOAD_BYTES = 128 * 1024;
const DEFAULT_RESPONSE_SECONDS = 30;

const MethodBodySchema = Type.Object({
  methodName: Type.String({ minLength: 1, maxLength: MAX_NAME_LENGTH }),
  payload: Type.Optional(Type.Unknown()),
  responseTimeoutInSeconds: Type.Optional(Type.Integer({ minimum: 5, maximum: 300 })),
  connectTimeoutInSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 300 })),
});

/** Direct methods. */
export function methodRoutes(hub: Hub): RestRoute[] {
  return ['/twins/:deviceId/methods', '/twins/:deviceId/modules/:moduleId/methods'].map((path) => ({
    method: 'POST',
    path,
    permissions: ['serviceConnect'],
    handle: (request) => invoke(hub, request),
  }));
}

async function invoke(hub: Hub, request: JsonRequest): Promise<JsonReply> {
  const body = checkDocument(MethodBodySchema, request.body, 'the request body');
  const payloadBytes = Buffer.byteLength(JSON.stringify(body.payload ?? null));
  if (payloadBytes > MAX_PAYLOAD_BYTES) {
    throw hubFault(
      'ArgumentInvalid',
      `the payload of the method "${body.methodName}" has ${payloadBytes} bytes, at most ${MAX_PAYLOAD_BYTES} go through`,
      { payloadBytes, limit: MAX_PAYLOAD_BYTES },
    );
  }
  const moduleId = request.parameters['moduleId'];
  const { status, payload } = await hub.invokeMethod({
    deviceId: parameter(request, 'deviceId'),
    ...(moduleId !== undefined && { moduleId }),
    methodName: body.methodName,
    payload: body.payload ?? null,
    responseTimeoutMs: (body.responseTimeoutInSeconds ?? DEFAULT_RESPONSE_SECONDS) * 1000,
    connectTimeoutMs: (body.connectTimeoutInSeconds ?? 0) * 1000,
    signal: request.signal,
  });
  return { status: 200, body: { status, payload: payload ?? null } };
}
