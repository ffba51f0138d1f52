import { expect, it } from 'vitest';
import { startIngestion } from '../../../../test/support/azure-monitor/start-ingestion.ts';
import type { IngestionAnswer } from '../../../../test/support/azure-monitor/start-ingestion.ts';
import type { Envelope } from './envelope.ts';
import { TrackClient } from './track-client.ts';

async function open(answers: readonly IngestionAnswer[]) {
  const { endpoint, batches, paths } = await startIngestion(answers);
  const received = () => batches.map((items) => items.map(({ name }) => name));
  return { client: new TrackClient(endpoint, 1), received, paths };
}

const item = (name: string): Envelope => ({ name, time: '', iKey: '', sampleRate: 100, tags: {}, data: { baseType: '', baseData: {} } }); // prettier-ignore
const three = ['a', 'b', 'c'].map((name) => item(name));

it('sends items as one JSON array, compressed, and nothing when there is none', async () => {
  const { client, received, paths } = await open([]);
  await client.send([]);
  await client.send(three);
  expect(received()).toEqual([['a', 'b', 'c']]);
  expect(paths).toEqual(['POST /v2.1/track application/json']);
});

it('sends again what could not be taken now, and only that', async () => {
  const errors = [{ index: 1, statusCode: 503, message: 'busy' }];
  const { client, received } = await open([{ status: 429 }, { status: 206, body: { errors } }]);
  await client.send(three);
  expect(received()).toEqual([['a', 'b', 'c'], ['a', 'b', 'c'], ['b']]);
});

it('tells what is lost: refused items at once, others after three tries', async () => {
  const errors = [
    { index: 0, statusCode: 400, message: "109: Field 'name' is required" },
    { index: 2, statusCode: 500, message: 'no' },
  ];
  const { client, received } = await open([{ status: 206, body: { errors } }]);
  await expect(client.send(three)).rejects.toThrow(/did not take 1 items: status 206, 109: Field 'name' is required/);
  expect(received()).toEqual([['a', 'b', 'c'], ['c']]);

  const refusing = await open([{ status: 400, body: { errors: [{ index: 0, statusCode: 400, message: 'Invalid instrumentation key' }] } }]); // prettier-ignore
  await expect(refusing.client.send(three)).rejects.toThrow(
    'did not take 3 items: status 400, Invalid instrumentation key',
  );
  expect(refusing.received()).toHaveLength(1);

  const away = new TrackClient('http://127.0.0.1:9', 1);
  await expect(away.send(three)).rejects.toThrow(/did not take 3 items: .*ECONNREFUSED|bad port/);
});
