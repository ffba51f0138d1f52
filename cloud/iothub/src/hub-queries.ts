import type { Device } from 'azure-iothub';
import type { HubAccess } from './hub-call.ts';
import type { HubDevice } from './hub.ts';

/** What the hub gives in one answer at most. */
const PAGE = 1000;

/** Rows of a query, read page by page. */
export async function* queryHub<Row>({ call }: HubAccess, text: string): AsyncGenerator<Row> {
  let continuation: string | undefined;
  do {
    const page = await call('query the twins', async (hub) => {
      const query = hub.createQuery(text, PAGE);
      const { result } = await (continuation === undefined ? query.next() : query.next(continuation));
      return { rows: result as Row[], next: query.hasMoreResults ? query.continuationToken : undefined };
    });
    yield* page.rows;
    continuation = page.next;
  } while (continuation !== undefined);
}

interface DeviceRow {
  readonly deviceId: string;
  readonly status?: string;
  readonly connectionState?: string;
  readonly capabilities?: { readonly iotEdge?: boolean };
}

/** Every device; the registry's own list ends at a thousand. */
export async function listDevices(access: HubAccess): Promise<readonly HubDevice[]> {
  const devices: HubDevice[] = [];
  for await (const row of queryHub<DeviceRow>(access, 'SELECT * FROM devices')) devices.push(deviceOf(row));
  return devices;
}

/** A device as the registry or a query gives it. */
export function deviceOf(device: Device | DeviceRow): HubDevice {
  return {
    deviceId: device.deviceId,
    edge: device.capabilities?.iotEdge === true,
    enabled: device.status === 'enabled',
    // the SDK's types say `connected`, the service says `Connected`
    connected: device.connectionState?.toLowerCase() === 'connected',
  };
}
