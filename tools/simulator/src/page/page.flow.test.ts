import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'node:http';
import type { ModuleClient } from 'azure-iot-device';
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { need } from '../../../../test/support/need.ts';
import { DEVICE, jsonMessage, PageFixture, ROUTES } from '../../test/page-fixture.ts';

/** With EDGEWRIGHT_SCREENSHOTS=1 the pictures of the documentation are taken anew. */
const PICTURES =
  process.env['EDGEWRIGHT_SCREENSHOTS'] === '1'
    ? path.resolve(import.meta.dirname, '../../../../docs/simulator')
    : undefined;

/** Sets the text of a field as somebody who types it. */
async function fill(page: Page, selector: string, text: string): Promise<void> {
  await page.locator(selector).fill(text);
}

async function press(page: Page, text: string): Promise<void> {
  await page.locator(`::-p-xpath(//button[normalize-space()="${text}" and not(ancestor::*[@hidden])])`).click();
}

async function textOf(page: Page, selector: string): Promise<string> {
  return await page.$eval(selector, (element) => (element as { textContent: string }).textContent);
}

async function until(page: Page, selector: string, text: string): Promise<void> {
  const end = Date.now() + 15_000;
  let found = '';
  while (Date.now() < end) {
    found = await textOf(page, selector).catch(() => '');
    if (found.includes(text)) return;
    await delay(50);
  }
  throw new TypeError(`waited in vain for "${text}" in ${selector}, which has "${found}"`);
}

/** Routes by the page's own editor of twins. */
async function setRoutes(page: Page): Promise<void> {
  await press(page, '$edgeHub');
  const desired = { schemaVersion: '1.1', routes: ROUTES, storeAndForwardConfiguration: { timeToLiveSecs: 7200 } };
  await page.waitForFunction('document.getElementById("desired")?.value === "{}"');
  await fill(page, '#desired', JSON.stringify(desired));
  await press(page, 'Save');
  await until(page, '#toast', 'Saved the twin of $edgeHub');
}

async function plant(fixture: PageFixture): Promise<{ camera: ModuleClient; close(): void }> {
  const camera = await fixture.module('camera');
  const thermometer = await fixture.module('thermometer');
  await fixture.module('sorter', (client) => client.on('inputMessage', () => {}));
  let seen = 0;
  await fixture.module('classifier', (client) => {
    client.onMethod('model', (_request, response) => void response?.send(200, { name: 'parts', version: 7 }));
    client.on('inputMessage', (input) => {
      if (input !== 'frames') return;
      seen += 1;
      const label = seen % 4 === 0 ? 'broken' : 'whole';
      void client
        .sendOutputEvent('scores', jsonMessage({ label, score: 0.93, frame: seen }, { label }))
        .catch(() => {});
    });
  });
  let frame = 0;
  const timers = [
    setInterval(() => {
      frame += 1;
      void camera.sendOutputEvent('frames', jsonMessage({ frame, width: 640, height: 480 })).catch(() => {});
    }, 60),
    setInterval(() => void thermometer.sendOutputEvent('t', jsonMessage({ celsius: 21.4 })).catch(() => {}), 300),
  ];
  return { camera, close: () => timers.forEach((timer) => clearInterval(timer)) };
}

async function picture(page: Page, name: string, scheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  const image = await page.screenshot(
    PICTURES === undefined ? {} : { path: path.join(PICTURES, `${name}-${scheme}.png`) },
  );
  expect(image.length).toBeGreaterThan(10_000);
}

describe('the page', () => {
  it('shows devices, modules, routes and messages as they pass; edits twins, sends, calls methods and makes faults', async (context) => {
    const { executable } = await need(context, 'chromium');
    const fixture = await PageFixture.start();
    const page = await fixture.open(executable);
    const problems: string[] = [];
    page.on('console', (line) => {
      if (line.type() === 'error' || line.type() === 'warn') problems.push(line.text());
    });
    page.on('pageerror', (error) => problems.push(String(error)));
    await setRoutes(page);
    const line = await plant(fixture);
    await page.waitForSelector('.box[data-module="classifier"][data-status="good"]');
    await page.waitForSelector('.route.flows');
    await until(page, '#list', 'frames');

    await page.click('.box[data-module="classifier"]');
    await press(page, 'Method');
    await fill(page, '#method', 'model');
    await press(page, 'Call');
    await until(page, '[aria-label="Answer"]', '"version": 7');
    await delay(2500);
    await press(page, 'Pause');
    await page.click('#list li:nth-child(2) summary');
    await page.waitForSelector('#list .whole pre');
    await picture(page, 'page', 'light');
    await picture(page, 'page', 'dark');

    await press(page, 'Go on');
    await press(page, 'Go offline');
    await until(page, '.box.hub', 'offline');
    await until(page, '.box.hub', 'waiting');
    await press(page, 'Go online');
    await page.waitForSelector('.box.hub[data-status="good"]');
    line.close();

    await press(page, 'device');
    await press(page, 'Send');
    await fill(page, '#as', 'by-hand');
    await fill(page, '#body', '{"from":"the page"}');
    await fill(page, '#properties', 'colour=red');
    await page.locator('.panel button.primary').click();
    await until(page, '#toast', 'Sent as by-hand');
    await fill(page, '#filter', 'the page');
    await until(page, '#list li:not([hidden])', 'dropped: no route');
    await press(page, 'Faults');
    await page.click('[aria-label="Drop PUBACKs"]');
    await until(page, '.active-faults', `drop-puback for ${DEVICE}`);
    await picture(page, 'faults', 'light');
    await picture(page, 'faults', 'dark');
    expect(problems).toEqual([]);
  });

  it('can be used with the keyboard alone', async (context) => {
    const { executable } = await need(context, 'chromium');
    const fixture = await PageFixture.start();
    await fixture.module('camera');
    const page = await fixture.open(executable);
    await page.waitForSelector('.box[data-module="camera"]');
    const focused = async () =>
      await page.evaluate('document.activeElement.dataset.module ?? document.activeElement.textContent.trim()');
    for (let step = 0; step < 30 && (await focused()) !== 'camera'; step += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await until(page, '#detail h2', 'camera');
    await page.focus('#tab-Twin');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.waitForSelector('#tab-Method[aria-selected="true"]:focus');
    await page.keyboard.press('Tab');
    await page.keyboard.type('nothing');
    expect(await page.$eval('#method', (input) => (input as unknown as { value: string }).value)).toBe('nothing');
    const bare = await page.$$eval(
      'button, input, textarea',
      (elements) =>
        elements.filter((element) => {
          const { id, textContent } = element as unknown as { id: string; textContent: string };
          const labels = (element as unknown as { labels?: ArrayLike<unknown> }).labels?.length ?? 0;
          return (
            textContent.trim() === '' && labels === 0 && element.getAttribute('aria-label') === null && id !== 'online'
          );
        }).length,
    );
    expect(bare).toBe(0);
  });
});

describe('who may see the page', () => {
  interface Answer {
    readonly status: number;
    readonly cookie: string | undefined;
    readonly location: string | undefined;
  }

  async function ask(
    url: string,
    options: { method?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const call = request(url, options, (response) => {
      response.resume();
      resolve({
        status: response.statusCode ?? 0,
        cookie: response.headers['set-cookie']?.[0]?.split(';')[0],
        location: response.headers.location,
      });
    });
    call.on('error', reject);
    call.end();
    return await promise;
  }

  it('who has its address, from this machine by its own name, and no other page of the browser', async () => {
    const { simulator } = await PageFixture.start();
    const { pageUrl } = simulator.info;
    const { origin, host } = new URL(pageUrl);
    expect((await ask(`${origin}/`)).status).toBe(401);
    expect((await ask(`${origin}/?token=guessed`)).status).toBe(401);
    expect((await ask(pageUrl, { headers: { host: 'evil.test' } })).status).toBe(401);
    const entered = await ask(pageUrl);
    expect(entered).toMatchObject({ status: 303, location: '/' });
    const cookie = entered.cookie ?? '';
    const devices = `${origin}/api/devices`;
    expect((await ask(devices, { headers: { cookie } })).status).toBe(200);
    expect((await ask(`${origin}/page/page.js`, { headers: { cookie } })).status).toBe(200);
    expect((await ask(`${origin}/page/..%2fpage.ts`, { headers: { cookie } })).status).toBe(400);
    expect((await ask(`${origin}/page/page.js`)).status).toBe(401);
    // a name that somebody points at this machine
    expect((await ask(devices, { headers: { cookie, host: `evil.test:${host.split(':')[1]}` } })).status).toBe(401);
    // other sites, other ports of this machine, and forms without an origin
    const put = `${devices}/${DEVICE}/online`;
    for (const headers of [
      { origin: 'http://evil.test' },
      { origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'cross-site' },
      {},
    ]) {
      expect((await ask(put, { method: 'PUT', headers: { cookie, ...headers } })).status).toBe(401);
    }
    expect((await ask(put, { method: 'PUT', headers: { cookie, origin } })).status).toBe(400);
  });
});
