import { parameter } from '../../http/json-route.ts';
import type { Hub } from '../hub.ts';
import type { RestRoute } from './rest-route.ts';

/** How much feedback is given at a time. */
const FEEDBACK_BATCH = 64;

const FEEDBACK = '/messages/serviceBound/feedback';

/** The queues of cloud-to-device messages: emptying one, and feedback. Sending is AMQP's and no part of this API. */
export function cloudMessageRoutes(hub: Hub): RestRoute[] {
  const service = { permissions: ['serviceConnect'] } as const;
  const { feedback } = hub.cloudMessages;
  return [
    {
      method: 'DELETE',
      path: '/devices/:deviceId/commands',
      permissions: ['serviceConnect', 'registryWrite'],
      handle: (request) => {
        const device = hub.requireIdentity(parameter(request, 'deviceId'));
        const totalMessagesPurged = hub.cloudMessages.purge(device);
        return { status: 200, body: { totalMessagesPurged, deviceId: device.deviceId, moduleId: null } };
      },
    },
    {
      ...service,
      method: 'GET',
      path: FEEDBACK,
      handle: () => {
        hub.cloudMessages.endExpired();
        const locked = feedback.lock(FEEDBACK_BATCH);
        return locked === undefined ? { status: 204 } : { status: 200, body: locked.records, etag: locked.lockToken };
      },
    },
    {
      ...service,
      method: 'DELETE',
      path: `${FEEDBACK}/:lockToken`,
      handle: (request) => {
        feedback.complete(parameter(request, 'lockToken'));
        return { status: 204 };
      },
    },
    {
      ...service,
      method: 'POST',
      path: `${FEEDBACK}/:lockToken/abandon`,
      handle: (request) => {
        feedback.abandon(parameter(request, 'lockToken'));
        return { status: 204 };
      },
    },
  ];
}
