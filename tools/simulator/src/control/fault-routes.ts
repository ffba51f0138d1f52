import { checkDocument } from '@edgewright/contract';
import Type from 'typebox';
import { lastingFaults, suddenFaults } from '../faults/fault.ts';
import { parameter } from '../http/json-route.ts';
import type { JsonRoute } from '../http/json-route.ts';
import type { SimulatorClient } from '../simulator-client.ts';

/** The longest that a delay may be, and the farthest that a clock may be off: a day, and a year. */
const MAX_DELAY_MS = 86_400_000;
const MAX_SKEW_MS = 31_536_000_000;

const FaultSchema = Type.Object(
  {
    kind: Type.Enum([...lastingFaults, ...suddenFaults]),
    deviceId: Type.Optional(Type.String({ minLength: 1 })),
    moduleId: Type.Optional(Type.String({ minLength: 1 })),
    count: Type.Optional(Type.Integer({ minimum: 1 })),
    durationMs: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_SKEW_MS })),
    delayMs: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_DELAY_MS })),
    bytesPerSecond: Type.Optional(Type.Integer({ minimum: 1 })),
    skewMs: Type.Optional(Type.Integer({ minimum: -MAX_SKEW_MS, maximum: MAX_SKEW_MS })),
  },
  { additionalProperties: false },
);

const ThrottleSchema = Type.Object(
  {
    durationMs: Type.Optional(Type.Integer({ minimum: 0 })),
    requests: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
);

/** Faults over the control interface. */
export function faultRoutes(simulator: SimulatorClient): JsonRoute[] {
  return [
    { method: 'GET', path: '/api/faults', handle: async () => ({ status: 200, body: await simulator.faults() }) },
    {
      method: 'POST',
      path: '/api/faults',
      handle: async ({ body }) => {
        const request = checkDocument(FaultSchema, body, 'the request body');
        return { status: 200, body: await simulator.injectFault(request) };
      },
    },
    {
      method: 'PUT',
      path: '/api/faults/throttle',
      handle: async ({ body }) => {
        await simulator.throttle(checkDocument(ThrottleSchema, body, 'the request body'));
        return { status: 204 };
      },
    },
    {
      method: 'DELETE',
      path: '/api/faults',
      handle: async () => ({ status: 200, body: await simulator.clearFaults() }),
    },
    {
      method: 'DELETE',
      path: '/api/faults/:id',
      handle: async (request) => {
        const id = checkDocument(Type.Integer({ minimum: 1 }), Number(parameter(request, 'id')), 'the id of the fault');
        return { status: 200, body: await simulator.clearFaults(id) };
      },
    },
  ];
}
