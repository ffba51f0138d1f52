/**
 * The baseline of the face detection: a module written the usual way, with the stock SDK and a run of the model in the handler. onnxruntime-node
 * runs on the calling thread, whatever its promise says. `MODEL` names the model; the variables of a module say where it joins.
 */
import azureIotDevice from 'azure-iot-device';
import type { Message } from 'azure-iot-device';
import azureIotDeviceMqtt from 'azure-iot-device-mqtt';
import ort from 'onnxruntime-node';
import { facesIn, pixelsOf } from './faces.ts';

const session = await ort.InferenceSession.create(process.env['MODEL'] ?? '');
const client = await azureIotDevice.ModuleClient.fromEnvironment(azureIotDeviceMqtt.Mqtt);
client.on('error', (error: Error) => process.stderr.write(`${error.message}\n`));

async function handle(message: Message): Promise<void> {
  const { image } = JSON.parse((message.getData() as Buffer).toString()) as { image: string };
  const input = new ort.Tensor('float32', pixelsOf(image), [1, 3, 240, 320]);
  const outputs = await session.run({ [session.inputNames[0] ?? '']: input });
  const faces = facesIn(outputs['scores']?.data as Float32Array);
  const answer = new azureIotDevice.Message(JSON.stringify({ faces }));
  answer.messageId = message.messageId;
  await client.sendOutputEvent('amlOutput', answer);
  await client.complete(message);
}

client.on('inputMessage', (_: string, message: Message) => {
  handle(message).catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
});
client.onMethod('ping', (_request, response) => {
  response?.send(200).catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
});
await client.open();
process.stdout.write('{"msg":"joined edgeHub"}\n');
