import { Hub } from '../src/hub/hub.ts';
import { StateDatabase } from '../src/state/state-database.ts';

// A process for the test of durability: it writes to a hub for as long as it lives, and says after each write what it has
// been promised. Whoever started it kills it.
const database = StateDatabase.open(process.argv[2] ?? '');
const hub = new Hub({ hostName: 'localhost', database });
for (let n = 1; ; n += 1) {
  const deviceId = `d${n}`;
  const { primaryKey } = hub.createDevice({ deviceId, edge: n % 2 === 0 });
  hub.patchTwin({ deviceId }, { tags: { n }, desired: { n } });
  const reported = hub.patchReported(deviceId, undefined, { n });
  const body = Buffer.from(String(n));
  const { sequenceNumber } = hub.acceptTelemetry({ deviceId, body, properties: {}, systemProperties: {} });
  process.stdout.write(`${JSON.stringify({ n, deviceId, primaryKey, reported, sequenceNumber })}\n`);
  // so that what was said leaves the process before the next write
  await new Promise((resolve) => setImmediate(resolve));
}
