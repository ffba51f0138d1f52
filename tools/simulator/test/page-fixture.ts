import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Message, ModuleClient } from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';
import { launch } from 'puppeteer-core';
import type { Page } from 'puppeteer-core';
import { onTestFinished } from 'vitest';
import type { Simulator } from '../src/simulator-client.ts';
import { startSimulator } from '../src/simulator.ts';

export const DEVICE = 'plant-1';
const to = (module: string, input: string) => `INTO BrokeredEndpoint("/modules/${module}/inputs/${input}")`;

/** A line of a plant: what a camera sees is classified, what is broken is sorted out and told. */
export const ROUTES = {
  frames: `FROM /messages/modules/camera/outputs/frames ${to('classifier', 'frames')}`,
  climate: `FROM /messages/modules/thermometer/* ${to('classifier', 'climate')}`,
  broken: `FROM /messages/modules/classifier/outputs/scores WHERE label = "broken" ${to('sorter', 'items')}`,
  scores: 'FROM /messages/modules/classifier/outputs/scores INTO $upstream',
  sorted: 'FROM /messages/modules/sorter/* INTO $upstream',
};

/** A simulator with a plant in it. Cleans up after the test. */
export class PageFixture {
  readonly simulator: Simulator;

  private constructor(simulator: Simulator) {
    this.simulator = simulator;
  }

  static async start(): Promise<PageFixture> {
    const stateDirectory = await mkdtemp(path.join(tmpdir(), 'edgewright-page-'));
    const simulator = await startSimulator({ stateDirectory, nodePath: process.execPath });
    onTestFinished(async () => {
      await simulator.stop();
      await rm(stateDirectory, { recursive: true, force: true });
    });
    await simulator.createDevice({ deviceId: DEVICE, edge: true });
    return new PageFixture(simulator);
  }

  /** An unmodified SDK client for a module, open. */
  async module(moduleId: string, prepare: (client: ModuleClient) => void = () => {}): Promise<ModuleClient> {
    const { connectionString, caFile } = await this.simulator.moduleCredentials(DEVICE, moduleId);
    const client = ModuleClient.fromConnectionString(connectionString, Mqtt);
    await client.setOptions({ ca: await readFile(caFile, 'utf8') });
    client.on('error', () => {});
    prepare(client);
    await client.open();
    onTestFinished(async () => {
      await client.close().catch(() => {});
    });
    return client;
  }

  /** A browser page that was let in. */
  async open(executablePath: string): Promise<Page> {
    const browser = await launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
    onTestFinished(async () => await browser.close());
    const page = await browser.newPage();
    await page.setViewport({ width: 1440, height: 900 });
    await page.goto(this.simulator.info.pageUrl);
    await page.waitForSelector('.pill.good');
    return page;
  }
}

/** A message as the modules of the plant send it. */
export function jsonMessage(body: object, properties: Readonly<Record<string, string>> = {}): Message {
  const message = new Message(JSON.stringify(body));
  message.contentType = 'application/json';
  message.contentEncoding = 'utf-8';
  for (const [name, value] of Object.entries(properties)) message.properties.add(name, value);
  return message;
}
