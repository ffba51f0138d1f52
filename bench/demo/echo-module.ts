/**
 * The baseline of the message path: a module that joins edgeHub with nothing but an MQTT client, and sends back each message
 * as it is. `EdgeHubConnectionString` and `EdgeModuleCACertificateFile` say where and as whom; the argument is its output.
 */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'mqtt';

const API_VERSION = '2021-04-12';
const TOKEN_LIFE_S = 3600;

const fields = Object.fromEntries(
  (process.env['EdgeHubConnectionString'] ?? '').split(';').map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), pair.slice(at + 1)];
  }),
) as Readonly<Record<string, string>>;
const { HostName: hub = '', DeviceId: device = '', ModuleId: module = '', SharedAccessKey: key = '' } = fields;
const [host = '', port = '8883'] = (fields['GatewayHostName'] ?? hub).split(':');
const [output = 'answers'] = process.argv.slice(2);

/** A shared access signature for this module. */
function token(): string {
  const audience = encodeURIComponent(`${hub}/devices/${device}/modules/${module}`);
  const expiry = Math.floor(Date.now() / 1000) + TOKEN_LIFE_S;
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(`${audience}\n${expiry}`).digest('base64');
  return `SharedAccessSignature sr=${audience}&sig=${encodeURIComponent(signature)}&se=${expiry}`;
}

const own = `devices/${device}/modules/${module}`;
const client = connect({
  protocol: 'mqtts',
  host,
  port: Number(port),
  clientId: `${device}/${module}`,
  username: `${hub}/${device}/${module}/?api-version=${API_VERSION}`,
  password: token(),
  ca: readFileSync(process.env['EdgeModuleCACertificateFile'] ?? ''),
  protocolVersion: 4,
  clean: false,
});
client.on('message', (_, body) => client.publish(`${own}/messages/events/%24.on=${output}`, body, { qos: 1 }));
client.on('connect', () => client.subscribe(`${own}/inputs/#`, { qos: 1 }, () => process.send?.('ready')));
