/** Ships what a buffer holds in small batches, and tells its parent of each: a process for tests to kill. */
import { openBuffers } from '../buffer/own-buffer.ts';
import { openSink } from '../keeping/destination.ts';
import type { Destination } from '../keeping/destination.ts';
import { Shipper } from './shipper.ts';
import type { ShipperOptions } from './shipper.ts';

const { folder, destination, owner } = JSON.parse(process.argv[2] ?? '') as {
  readonly folder: string;
  readonly destination: Destination;
  readonly owner: ShipperOptions['owner'];
};
const { own } = openBuffers(folder, () => {});
const sink = await openSink(destination);
const shipper = new Shipper({ sink, source: own, owner, format: 'csv', sharesFiles: true, maxRequests: 4 });
while ((await shipper.shipNext()) !== undefined) process.send?.('batch');
process.disconnect();
