import { describe, expect, it } from 'vitest';
import { DEVICE, EdgeDeviceFixture } from '../test/edge-device-fixture.ts';

const TICK = `
  const { ModuleClient, Message } = require('azure-iot-device');
  const { Mqtt } = require('azure-iot-device-mqtt');
  ModuleClient.fromEnvironment(Mqtt).then(async (client) => {
    await client.open();
    await client.sendOutputEvent('ticks', new Message(process.env.IOTEDGE_WORKLOADURI));
  });
`;
const UP = { up: 'FROM /messages/* INTO $upstream' };

/** What Prometheus gets: the value lines. */
async function scrape(url: string): Promise<string[]> {
  const response = await fetch(url);
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  return (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('what an edge device serves', () => {
  it('the workload API over http, from which fromEnvironment signs', async () => {
    const fixture = await EdgeDeviceFixture.start({ device: { workloadApi: 'http' } });
    await fixture.program('ticker:1', TICK);
    fixture.deploy({ ticker: { image: 'ticker:1', restartPolicy: 'never' } }, UP);
    const [record] = await fixture.telemetry(1);
    expect(record?.body.toString()).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('Prometheus metrics of edgeHub and edgeAgent, under the names of the real ones', async () => {
    const fixture = await EdgeDeviceFixture.start();
    await fixture.program('ticker:1', TICK);
    fixture.deploy({ ticker: { image: 'ticker:1', restartPolicy: 'never' } }, UP);
    await fixture.telemetry(1);
    const { edgeHub, edgeAgent } = fixture.device.metricsUrls;
    const [ofHub, ofAgent] = await Promise.all([scrape(edgeHub), scrape(edgeAgent)]);
    const common = { iothub: 'hub.test', edge_device: DEVICE };
    for (const line of [...ofHub, ...ofAgent]) {
      for (const [label, value] of Object.entries(common)) expect(line).toContain(`${label}="${value}"`);
      expect(line).toMatch(/instance_number="[0-9a-f-]{36}"/);
      // the metrics collector reads neither Inf nor +Inf
      expect(line).toMatch(/ [\d.eE+-]+$| NaN$/);
    }
    expect(ofHub.find((line) => line.startsWith('edgehub_messages_sent_total'))).toMatch(/to="upstream".* 1$/);
    expect(ofAgent.find((line) => line.startsWith('edgeAgent_module_start_total'))).toMatch(
      /module_name="ticker".* 1$/,
    );
    expect(ofAgent.some((line) => line.startsWith('edgeAgent_total_time_running_correctly_seconds'))).toBe(true);
  });

  it('reports what modules print, when it is asked to', async () => {
    const fixture = await EdgeDeviceFixture.start({ device: { showModuleOutput: true } });
    await fixture.program('talker:1', "console.log('one'); console.error('two'); setInterval(() => {}, 1000);");
    fixture.deploy({ talker: { image: 'talker:1' } });
    const printed = () => fixture.events.filter(({ stage }) => stage === 'module.output');
    await expect
      .poll(() =>
        printed()
          .map(({ text }) => text)
          .toSorted(),
      )
      .toEqual(['talker | one', 'talker | two']);
    expect(new Set(printed().map(({ data }) => data?.['stream']))).toEqual(new Set(['stderr', 'stdout']));
  });

  it('follows the env of edgeHub in the deployment, at once', async () => {
    const fixture = await EdgeDeviceFixture.start();
    const { edgeHub } = fixture.device.metricsUrls;
    fixture.deploy({}, UP, { Metrics__Listener__MetricsEnabled: 'false', MessageAckTimeoutSecs: 'soon' });
    await fixture.until('the setting that cannot be read is told', () =>
      fixture.events.find(({ text }) => text?.includes('MessageAckTimeoutSecs is "soon"')),
    );
    expect((await fetch(edgeHub)).status).toBe(404);
    fixture.deploy({}, UP);
    await fixture.until(
      'the deployment is applied',
      () => fixture.events.filter(({ text }) => text?.includes('is applied')).length > 1,
    );
    expect((await fetch(edgeHub)).status).toBe(200);
  });
});
