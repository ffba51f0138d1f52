import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { Aedes } from 'aedes';

// A bare aedes with TLS, everything in memory: serve-aedes.ts CERTIFICATE KEY
const [certificate = '', key = ''] = process.argv.slice(2);
const broker = await Aedes.createBroker();
const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (socket) => {
  socket.setNoDelay(true);
  broker.handle(socket);
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('SIGTERM', () => process.exit(0));
