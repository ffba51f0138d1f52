// A module that passes on readings above its desired property "limit" (default 50), and answers the method "limit".
import azureIotDevice from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';

const { Message, ModuleClient } = azureIotDevice;
const client = await ModuleClient.fromEnvironment(Mqtt);
let limit = 50;
client.on('inputMessage', (input, message) => {
  const reading = JSON.parse(message.getBytes().toString());
  if (reading.value <= limit) return;
  const alarm = new Message(JSON.stringify({ ...reading, limit }));
  alarm.contentType = 'application/json';
  alarm.contentEncoding = 'utf-8';
  client.sendOutputEvent('alarms', alarm, (error) => error && console.error('cannot send:', error.message));
});
client.on('error', (error) => console.error('lost:', error.message));
await client.open();
client.onMethod('limit', (_request, response) => {
  void response.send(200, { limit });
});
const twin = await client.getTwin();
twin.on('properties.desired', (desired) => {
  if (typeof desired.limit === 'number') limit = desired.limit;
});
console.log('filter is connected');
