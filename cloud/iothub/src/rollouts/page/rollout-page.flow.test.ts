import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launch } from 'puppeteer-core';
import type { Page } from 'puppeteer-core';
import { expect, it, onTestFinished } from 'vitest';
import { need } from '../../../../../test/support/need.ts';
import type { RolloutRecord } from '../rollout-record.ts';
import { SqliteRolloutStore } from '../sqlite-rollout-store.ts';
import { serveRolloutPage } from './serve-rollout-page.ts';

/** With EDGEWRIGHT_SCREENSHOTS=1 the pictures of the documentation are taken anew. */
const PICTURES =
  process.env['EDGEWRIGHT_SCREENSHOTS'] === '1'
    ? path.resolve(import.meta.dirname, '../../../../../docs/rollouts')
    : undefined;
const START = Date.parse('2026-03-02T22:00:00Z');
const DEVICES = 1000;
const RINGS = [20, 294, 686];

function recordOf(name: string, createdTime: number): RolloutRecord {
  return {
    name,
    file: {
      name,
      content: 'layer.json',
      priority: 10,
      module: 'scorer',
      rings: ['canary', 'early', 'rest'].map((ring) => ({ name: ring, waitSeconds: 600 })),
      gates: [
        { name: 'errors', ratio: ['counters.failed', 'counters.scored'], maximum: 0.05 },
        { name: 'running', share: "properties.reported.state = 'running'", minimum: 0.99 },
        { name: 'latency', value: 'latencyMs.p99', aggregate: 'p95', maximum: 50 },
      ],
    },
    content: {},
    state: 'running',
    wish: 'run',
    ring: 0,
    phase: 'watching',
    phaseSince: createdTime,
    approved: 0,
    reason: '',
    createdTime,
  };
}

/** A rollout that has passed its canaries, and whose second ring gets worse, look by look. */
async function openStore() {
  const directory = await mkdtemp(path.join(tmpdir(), 'edgewright-page-'));
  const store = SqliteRolloutStore.open(directory);
  onTestFinished(async () => {
    await store[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });
  const before = { desired: {}, counters: {} };
  const devices = Array.from({ length: DEVICES }, (_, index) => ({
    deviceId: `d${index}`,
    ring: index < 20 ? 0 : index < 314 ? 1 : 2,
    before,
  }));
  const act = async (minutes: number, name: string, details: string) =>
    await store.change('diabetes-2', {}, { time: START + minutes * 60_000, act: name, details });
  const look = async (ring: number, minutes: number, errors: number) => {
    const size = RINGS[ring] ?? 0;
    const ready = Math.min(size, Math.round((size * (minutes % 100)) / 6));
    const offline = ring === 1 ? 3 : 0;
    const counts = {
      ready: Math.max(0, ready - offline),
      pending: size - ready,
      failed: 0,
      offline: Math.min(ready, offline),
    };
    const latency = 20 + 8 * Math.sin(minutes);
    const gates = [
      { gate: 'errors', value: errors, passed: errors <= 0.05 },
      { gate: 'running', value: 1, passed: true },
      { gate: 'latency', value: latency, passed: true },
    ];
    await store.noteLook('diabetes-2', {
      ring,
      time: START + minutes * 60_000,
      devices: counts,
      gates: ready < size ? [] : gates,
    });
  };
  await store.create(recordOf('diabetes-1', START - 86_400_000), [], {
    time: START - 86_400_000,
    act: 'started',
    details: '',
  });
  await store.change('diabetes-1', { state: 'done' });
  await store.create(recordOf('diabetes-2', START), devices, {
    time: START,
    act: 'started',
    details: 'canary: 20, early: 294, rest: 686',
  });
  await act(0, 'ring began', 'canary');
  for (let minute = 1; minute <= 30; minute += 1) await look(0, minute, 0.008 + 0.004 * Math.sin(minute / 3));
  await act(30, 'ring passed', 'canary');
  await act(100, 'ring began', 'early');
  for (let minute = 101; minute <= 118; minute += 1) await look(1, minute, 0.01 + Math.max(0, minute - 108) * 0.0036);
  await store.change('diabetes-2', { ring: 1, phase: 'watching' });
  return { store, look };
}

async function openPage(executablePath: string, url: string) {
  const browser = await launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  onTestFinished(async () => await browser.close());
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('console', (line) => void (['error', 'warn'].includes(line.type()) && problems.push(line.text())));
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(url);
  await page.waitForSelector('.pill.good');
  return { page, problems };
}

async function textOf(page: Page, selector: string): Promise<string> {
  const read = (element: unknown) => (element as { textContent: string }).textContent;
  return await page.$eval(selector, read).catch(() => '');
}

async function picture(page: Page, scheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  const file = PICTURES === undefined ? {} : { path: path.join(PICTURES, `page-${scheme}.png`) };
  expect((await page.screenshot(file)).length).toBeGreaterThan(10_000);
}

it('shows rings, devices by state and gates over time, as they go on', async (context) => {
  const { executable } = await need(context, 'chromium');
  const { store, look } = await openStore();
  await using served = await serveRolloutPage({ store, port: 0, intervalMs: 100 });
  const { page, problems } = await openPage(executable, served.url);
  await page.waitForSelector('[data-ring="early"] .gate[data-gate="errors"] polyline');
  expect(await textOf(page, '#name')).toBe('diabetes-2');
  expect(await textOf(page, '[data-ring="canary"] .badge')).toBe('passed');
  expect(await textOf(page, '[data-ring="early"] .legend')).toBe('291 have the change3 not connected');
  expect(await textOf(page, '[data-ring="rest"] header')).toBe('restwaits686 devices');
  await picture(page, 'light');
  await picture(page, 'dark');

  await look(1, 119, 0.0617);
  await store.change('diabetes-2', { state: 'rolling-back', reason: 'the gate "errors" is 0.0617' });
  await expect.poll(async () => await textOf(page, '#reason'), { timeout: 15_000 }).toBe('the gate "errors" is 0.0617');
  await page.waitForSelector('[data-ring="early"] .gate[data-passed="false"] circle.bad');
  expect(await textOf(page, '[data-gate="errors"][data-passed="false"] strong')).toBe('0.0617 – failed');
  expect(await textOf(page, '[data-ring="rest"] .badge')).toBe('untouched');
  expect(problems).toEqual([]);
});

it('can be used with the keyboard alone, and shows another rollout', async (context) => {
  const { executable } = await need(context, 'chromium');
  const { store } = await openStore();
  await using served = await serveRolloutPage({ store, port: 0, intervalMs: 100 });
  const { page } = await openPage(executable, served.url);
  await page.waitForSelector('[data-ring="early"] .gate[data-gate="errors"] polyline');
  await page.focus('[data-ring="early"] [data-gate="errors"] .chart');
  await page.keyboard.press('End');
  const told = '[data-ring="early"] [data-gate="errors"] .told';
  await expect.poll(async () => await textOf(page, told), { timeout: 15_000 }).toMatch(/: 0\.046$/);
  await page.keyboard.press('ArrowLeft');
  await expect.poll(async () => await textOf(page, told), { timeout: 15_000 }).toMatch(/: 0\.0424$/);
  await page.focus('nav button[data-name="diabetes-1"]');
  await page.keyboard.press('Enter');
  await expect.poll(async () => await textOf(page, '#name'), { timeout: 15_000 }).toBe('diabetes-1');
  expect(await textOf(page, '#state')).toBe('done');
});

it('lets in who has its address, from this machine by its own name, and only to read', async () => {
  const { store } = await openStore();
  await using served = await serveRolloutPage({ store, port: 0, intervalMs: 100 });
  const { origin, port } = new URL(served.url);
  const ask = async (url: string, options: { method?: string; headers?: Record<string, string> } = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; cookie: string }>();
    const call = request(url, options, (response) => {
      response.resume();
      const cookie = response.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
      resolve({ status: response.statusCode ?? 0, cookie });
    });
    call.on('error', reject);
    call.end();
    return await promise;
  };
  expect((await ask(`${origin}/`)).status).toBe(401);
  expect((await ask(`${origin}/events`)).status).toBe(401);
  expect((await ask(served.url, { headers: { host: `evil.test:${port}` } })).status).toBe(401);
  const { status, cookie } = await ask(served.url);
  expect(status).toBe(303);
  expect((await ask(`${origin}/page/page.js`, { headers: { cookie } })).status).toBe(200);
  expect((await ask(`${origin}/page/..%2fpage-access.ts`, { headers: { cookie } })).status).toBe(404);
  expect((await ask(`${origin}/`, { headers: { cookie, 'sec-fetch-site': 'cross-site' } })).status).toBe(401);
  expect((await ask(`${origin}/`, { method: 'POST', headers: { cookie } })).status).toBe(405);
  await expect(serveRolloutPage({ store, port: Number(port), intervalMs: 100 })).rejects.toMatchObject({
    code: 'RolloutPageFailed',
  });
});
