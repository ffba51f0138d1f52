/**
 * The baseline: a module on a bare mqtt.js 5 that sends back each message as it is and acknowledges it when edgeHub has
 * confirmed that. It carries the message id over, so that answers can be told apart. `EdgeHubConnectionString` and
 * `EdgeModuleCACertificateFile` say where and as whom it joins; on its output it writes one line of JSON when it is ready.
 */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

/** What is used of mqtt.js 5. Its own declarations need types of the DOM. */
interface MqttClient {
  readonly stream: Socket;
  handleMessage: (
    packet: { topic: string; payload: Buffer; messageId?: number },
    done: (error?: Error) => void,
  ) => void;
  on(event: 'connect', listener: () => void): void;
  publish(topic: string, payload: Buffer, options: { qos: 1 }, done: () => void): void;
  subscribe(topic: string, options: { qos: 1 }, done: () => void): void;
}
const mqtt = createRequire(import.meta.url)('mqtt5') as { connect(options: object): MqttClient };

const fields = new Map(
  (process.env['EdgeHubConnectionString'] ?? '').split(';').map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  }),
);
const field = (name: string): string => fields.get(name) ?? '';
const own = `${field('DeviceId')}/modules/${field('ModuleId')}`;
const [host = '', port = '8883'] = field('GatewayHostName').split(':');
const audience = encodeURIComponent(`${field('HostName')}/devices/${own}`);
const expiry = Math.floor(Date.now() / 1000) + 3600;
const signature = createHmac('sha256', Buffer.from(field('SharedAccessKey'), 'base64'))
  .update(`${audience}\n${expiry}`)
  .digest('base64');

const client = mqtt.connect({
  protocol: 'mqtts',
  host,
  port: Number(port),
  clientId: `${field('DeviceId')}/${field('ModuleId')}`,
  username: `${field('HostName')}/${field('DeviceId')}/${field('ModuleId')}/?api-version=2021-04-12`,
  password: `SharedAccessSignature sr=${audience}&sig=${encodeURIComponent(signature)}&se=${expiry}`,
  ca: readFileSync(process.env['EdgeModuleCACertificateFile'] ?? ''),
  protocolVersion: 4,
  clean: false,
});
client.stream.setNoDelay(true);

/** Tells mqtt.js not to acknowledge yet, and to go on reading: the confirmation to wait for comes the same way. */
const later = new TypeError('acknowledged later');
client.handleMessage = (packet, done) => {
  done(later);
  const { messageId = 0 } = packet;
  const id = /%24\.mid=[^&]*/.exec(packet.topic)?.[0] ?? '';
  client.publish(`devices/${own}/messages/events/%24.on=amlOutput&${id}/`, packet.payload, { qos: 1 }, () =>
    client.stream.write(Buffer.from([0x40, 0x02, messageId >> 8, messageId & 0xff])),
  );
};
client.on('connect', () => {
  client.subscribe(`devices/${own}/inputs/#`, { qos: 1 }, () => process.stdout.write('{"msg":"joined edgeHub"}\n'));
});
