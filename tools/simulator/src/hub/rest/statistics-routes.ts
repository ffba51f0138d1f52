import type { Hub } from '../hub.ts';
import type { RestRoute } from './rest-route.ts';

/** Counts of devices. */
export function statisticsRoutes(hub: Hub): RestRoute[] {
  return [
    {
      method: 'GET',
      path: '/statistics/devices',
      permissions: ['registryRead'],
      handle: () => {
        const { total, disabled } = hub.deviceCounts();
        return {
          status: 200,
          body: { totalDeviceCount: total, enabledDeviceCount: total - disabled, disabledDeviceCount: disabled },
        };
      },
    },
    {
      method: 'GET',
      path: '/statistics/service',
      permissions: ['serviceConnect'],
      handle: () => ({ status: 200, body: { connectedDeviceCount: hub.connectedDeviceCount() } }),
    },
  ];
}
