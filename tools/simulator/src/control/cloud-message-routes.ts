import { checkDocument } from '@edgewright/contract';
import Type from 'typebox';
import { acknowledgements } from '../hub/cloud-message.ts';
import { parameter } from '../http/json-route.ts';
import type { JsonReply, JsonRequest, JsonRoute } from '../http/json-route.ts';
import type { SimulatorClient } from '../simulator-client.ts';

const CloudMessageSchema = Type.Object(
  {
    /** Text, or JSON; or bytes as base64 in the other member. */
    body: Type.Optional(Type.Unknown()),
    bodyBase64: Type.Optional(Type.String()),
    properties: Type.Optional(Type.Record(Type.String(), Type.String())),
    messageId: Type.Optional(Type.String({ maxLength: 128 })),
    correlationId: Type.Optional(Type.String({ maxLength: 128 })),
    ack: Type.Optional(Type.Enum([...acknowledgements])),
    timeToLiveMs: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { additionalProperties: false },
);

/** Cloud-to-device messages over the control interface: the Azure SDK sends them over AMQP only. */
export function cloudMessageRoutes(simulator: SimulatorClient): JsonRoute[] {
  const path = '/api/devices/:deviceId/messages';
  return [
    { method: 'POST', path, handle: (request) => send(simulator, request) },
    {
      method: 'DELETE',
      path,
      handle: async (request) => ({
        status: 200,
        body: await simulator.purgeMessages(parameter(request, 'deviceId')),
      }),
    },
    {
      method: 'DELETE',
      path: '/api/feedback',
      handle: async () => ({ status: 200, body: await simulator.takeFeedback() }),
    },
  ];
}

async function send(simulator: SimulatorClient, request: JsonRequest): Promise<JsonReply> {
  const { body, bodyBase64, ...rest } = checkDocument(CloudMessageSchema, request.body, 'the request body');
  const sent = await simulator.sendToDevice({
    ...rest,
    deviceId: parameter(request, 'deviceId'),
    body: bodyBase64 === undefined ? body : Buffer.from(bodyBase64, 'base64'),
  });
  return { status: 200, body: sent };
}
