import { applyContent } from '../apply-content.ts';
import { parseConfigurationContent } from '../configuration-content.ts';
import type { Hub } from '../hub.ts';
import { parameter } from '../../http/json-route.ts';
import type { RestRoute } from './rest-route.ts';

/** Deployment to one device. */
export function contentRoutes(hub: Hub): RestRoute[] {
  return [
    {
      method: 'POST',
      path: '/devices/:deviceId/applyConfigurationContent',
      permissions: ['registryWrite', 'serviceConnect'],
      handle: (request) => {
        const deviceId = parameter(request, 'deviceId');
        hub.requireIdentity(deviceId);
        applyContent(hub, deviceId, parseConfigurationContent(request.body, 'the request body'));
        return { status: 204 };
      },
    },
  ];
}
