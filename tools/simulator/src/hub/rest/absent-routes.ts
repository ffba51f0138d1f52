import { parameter } from '../../http/json-route.ts';
import type { JsonRoute } from '../../http/json-route.ts';
import { hubFault } from '../hub-fault.ts';
import type { Permission } from '../shared-access-policies.ts';
import type { RestRoute } from './rest-route.ts';

interface Absent {
  readonly method: JsonRoute['method'];
  readonly path: string;
  readonly permission: Permission;
  /** Why there is none, and what to do instead. */
  readonly reason: string;
}

const jobs =
  'the simulator runs no scheduled jobs; call updateTwin or invokeDeviceMethod for the devices that a query finds';
const blobs =
  'the simulator has no blob storage to import identities from or export them to; use addDevices, updateDevices and list';
const digitalTwins =
  'the simulator has no digital twins; read and write the twin, and call commands as direct methods ("component*command")';

/** What IoT Hub has and the simulator does not. */
const absent: readonly Absent[] = [
  { method: 'POST', path: '/jobs/create', permission: 'registryWrite', reason: blobs },
  { method: 'PUT', path: '/jobs/v2/:id', permission: 'registryWrite', reason: jobs },
  { method: 'GET', path: '/digitaltwins/:id', permission: 'serviceConnect', reason: digitalTwins },
  { method: 'PATCH', path: '/digitaltwins/:id', permission: 'serviceConnect', reason: digitalTwins },
  { method: 'POST', path: '/digitaltwins/:id/commands/:name', permission: 'serviceConnect', reason: digitalTwins },
  {
    method: 'POST',
    path: '/digitaltwins/:id/components/:component/commands/:name',
    permission: 'serviceConnect',
    reason: digitalTwins,
  },
];

/** Calls that can be made of IoT Hub and not of the simulator: refused with the reason; and jobs, of which there are none. */
export function absentRoutes(): RestRoute[] {
  const read = { permissions: ['registryRead'] } as const;
  const write = { permissions: ['registryWrite'] } as const;
  return [
    ...absent.map(({ method, path, permission, reason }): RestRoute => ({
      method,
      path,
      permissions: [permission],
      handle: () => {
        throw hubFault('InvalidOperation', reason, { path });
      },
    })),
    { ...read, method: 'GET', path: '/jobs', handle: () => ({ status: 200, body: [] }) },
    { ...read, method: 'GET', path: '/jobs/v2/query', handle: () => ({ status: 200, body: [] }) },
    { ...read, method: 'GET', path: '/jobs/:id', handle: (request) => noJob(parameter(request, 'id')) },
    { ...write, method: 'DELETE', path: '/jobs/:id', handle: (request) => noJob(parameter(request, 'id')) },
    { ...read, method: 'GET', path: '/jobs/v2/:id', handle: (request) => noJob(parameter(request, 'id')) },
    { ...write, method: 'POST', path: '/jobs/v2/:id/cancel', handle: (request) => noJob(parameter(request, 'id')) },
  ];
}

function noJob(id: string): never {
  throw hubFault('JobNotFound', `there is no job "${id}"`, { id });
}
