import { Message } from 'azure-iot-device';
import { expect, it } from 'vitest';
import { EdgeHubFixture } from '../../test/edge-hub-fixture.ts';

const ROUTES = {
  toScorer: 'FROM /messages/modules/sensor/outputs/* INTO BrokeredEndpoint("/modules/scorer/inputs/data")',
  up: 'FROM /messages/modules/scorer/outputs/* INTO $upstream',
};

it('carries messages of unmodified SDK clients from module to module and upstream', async () => {
  const fixture = await EdgeHubFixture.start({ modules: ['sensor', 'scorer'], routes: ROUTES });
  const received: { input: string; body: string; kind: string | undefined }[] = [];
  const scorer = await fixture.sdkClient('scorer', (client) => {
    client.on('inputMessage', (input: string, message: Message) => {
      const kind = message.properties.propertyList.find(({ key }) => key === 'kind')?.value;
      received.push({ input, body: message.getBytes().toString(), kind });
      const answer = new Message(`scored ${message.getBytes().toString()}`);
      answer.messageId = `s-${message.messageId}`;
      answer.contentType = 'application/json';
      void client.sendOutputEvent('scores', answer);
    });
  });
  const sensor = await fixture.sdkClient('sensor');
  for (const body of ['1', '2', '3']) {
    const message = new Message(body);
    message.messageId = `m${body}`;
    message.properties.add('kind', 'a b/ü');
    await sensor.sendOutputEvent('readings', message);
  }
  const scores = await fixture.telemetry(3);
  expect(received).toEqual(['1', '2', '3'].map((body) => ({ input: 'data', body, kind: 'a b/ü' })));
  expect(scores.map((record) => [record.moduleId, record.body.toString(), record.systemProperties])).toEqual(
    ['1', '2', '3'].map((body) => [
      'scorer',
      `scored ${body}`,
      { messageId: `s-m${body}`, contentType: 'application/json', outputName: 'scores' },
    ]),
  );
  await scorer.close();
});
