import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createLogger } from '@edgewright/telemetry';
import { createKeyAuthenticator } from '@edgewright/web';
import { launch } from 'puppeteer-core';
import type { Page } from 'puppeteer-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { digitPng } from '../../examples/digits/digit-png.ts';
import { readDigitsTable } from '../../examples/digits/table.ts';
import { need } from '../support/need.ts';
import { webServer } from '../support/web-fixture.ts';

const root = path.resolve(import.meta.dirname, '../..');
/** With EDGEWRIGHT_SCREENSHOTS=1 the pictures of the documentation are taken anew. */
const PICTURES = process.env['EDGEWRIGHT_SCREENSHOTS'] === '1' ? path.join(root, 'docs/services') : undefined;
const html = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

/** A browser at an address, and what it asked for and complained of meanwhile. */
async function openPage(executablePath: string, url: string) {
  const browser = await launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  onTestFinished(async () => await browser.close());
  const page = await browser.newPage();
  const asked: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => void asked.push(request.url()));
  page.on('console', (message) => void complaints.push(message.text()));
  page.on('pageerror', (error) => void complaints.push(String(error)));
  await page.setViewport({ width: 1200, height: 860 });
  await page.goto(url);
  return { page, asked, complaints };
}

const textOf = async (page: Page, selector: string): Promise<string> =>
  await page.$eval(selector, (element) => element.textContent ?? '');

/** Puts JSON in as a paste does. */
async function paste(page: Page, selector: string, text: string): Promise<void> {
  await page.$eval(
    selector,
    (element, text) => {
      const area = element as unknown as { value: string; dispatchEvent: (event: Event) => void };
      area.value = text;
      area.dispatchEvent(new Event('input'));
    },
    text,
  );
}

/** Drops a file as a person does: what the browser would hand over is made in the page. */
async function drop(page: Page, name: string, bytes: Buffer): Promise<void> {
  const source = `(() => {
    const bytes = Uint8Array.from(atob(${JSON.stringify(bytes.toString('base64'))}), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], ${JSON.stringify(name)}, { type: 'image/png' }));
    document.getElementById('try').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  })()`;
  await page.evaluate(source);
}

async function sendAndWait(page: Page, count: number): Promise<void> {
  await page.click('#send');
  await page.waitForFunction(`document.querySelectorAll('#history tbody tr').length === ${count}`);
}

async function takePictures(page: Page, folder: string): Promise<void> {
  for (let count = 2; count <= 8; count += 1) await sendAndWait(page, count);
  for (const scheme of ['light', 'dark']) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await page.screenshot({ path: path.join(folder, `page-${scheme}.png`), fullPage: true });
  }
}

describe('the page of a service', () => {
  it('says what it takes, scores what is pasted, and shows what failed', async (context) => {
    const { executable } = await need(context, 'chromium');
    const { url } = await webServer({}, { title: 'tiny service' });
    const { page, asked, complaints } = await openPage(executable, url);
    await page.waitForSelector('#input td');
    expect(await textOf(page, '#title')).toBe('tiny service');
    expect(await textOf(page, '#input')).toContain('datanumber, float[n][3]');
    expect(JSON.parse(await page.$eval('#body', (area) => (area as unknown as { value: string }).value))).toEqual({
      data: [[0, 0, 0]],
    });
    await paste(page, '#body', '{"data": [[1, 2, 3]]}');
    await sendAndWait(page, 1);
    expect(JSON.parse(await textOf(page, '#answer'))).toEqual({ predictions: [[3, 5, 7]] });
    expect(await textOf(page, '#command')).toContain(`curl -s ${url}/score -H 'content-type: application/json'`);
    await paste(page, '#body', '{"data": [[1, 2]]}');
    await sendAndWait(page, 2);
    expect(await textOf(page, '#answer')).toContain('"found": [1, 2]');
    expect(await textOf(page, '.failed-status')).toBe('400');
    // nothing from elsewhere, and nothing that its own policy forbids; browsers note a status of 400 by themselves
    expect(asked.filter((address) => !address.startsWith(url) && !address.startsWith('data:'))).toEqual([]);
    expect(complaints.filter((text) => !text.includes('status of 400'))).toEqual([]);
  });

  it('scores an image that is dropped', async (context) => {
    const { executable } = await need(context, 'chromium');
    const onnx = await readFile(path.join(root, 'examples/digits/models/digits.onnx'));
    const { url } = await webServer(
      { onnx, images: { preprocess: {}, postprocess: { topK: 3 } } },
      { title: 'digits' },
    );
    const { test } = await readDigitsTable();
    const [digit] = test;
    const { page, complaints } = await openPage(executable, url);
    await page.waitForSelector('#input td');
    await drop(page, 'digit.png', await digitPng(digit?.pixels ?? [], 1));
    expect(await textOf(page, '#file-name')).toMatch(/^digit\.png, image\/png, \d+ bytes/);
    await sendAndWait(page, 1);
    expect(JSON.parse(await textOf(page, '#answer'))).toMatchObject({
      predictions: [{ index: digit?.label }, {}, {}],
    });
    if (PICTURES !== undefined) await takePictures(page, PICTURES);
    await page.click('#insert');
    await page.waitForSelector('#file', { hidden: true });
    expect(await page.$eval('#body', (area) => (area as unknown as { value: string }).value)).toContain('"iVBORw0KGgo');
    expect(complaints).toEqual([]);
  });

  it('asks for a key when the service does, keeps it to itself, and says nothing before', async (context) => {
    const { executable } = await need(context, 'chromium');
    const keys = { primaryKey: 'primary-key-0123456789', secondaryKey: 'secondary-key-0123456789' };
    const authenticator = createKeyAuthenticator(keys, createLogger({ level: 'silent', name: 'test' }));
    const { url } = await webServer({}, { title: 'secret service', authenticator });
    const { page } = await openPage(executable, url);
    await page.waitForSelector('#credentials:not([hidden])');
    expect(await textOf(page, 'body')).not.toContain('secret service');
    await page.type('#credential', 'not-the-key-0123456789\n');
    await page.waitForSelector('#problem:not([hidden])');
    await page.$eval('#credential', (field) => void ((field as unknown as { value: string }).value = ''));
    await page.type('#credential', `${keys.primaryKey}\n`);
    await page.waitForSelector('#credentials', { hidden: true });
    await paste(page, '#body', '{"data": [[1, 2, 3]]}');
    await sendAndWait(page, 1);
    expect(JSON.parse(await textOf(page, '#answer'))).toEqual({ predictions: [[3, 5, 7]] });
    const kept = await page.evaluate('JSON.stringify([localStorage, sessionStorage, document.cookie, location.href])');
    expect(kept).toBe(JSON.stringify([{}, {}, '', `${url}/`]));
    expect(await textOf(page, '#command')).not.toContain(keys.primaryKey);
  });
});

describe('the root of a service', () => {
  it('is a page for browsers and Healthy for all others', async () => {
    const { url } = await webServer({}, { corsOrigins: ['*'] });
    const page = await fetch(url, { headers: html });
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'sha256-");
    expect(page.headers.get('vary')).toBe('Origin, Accept');
    expect(await page.text()).toMatch(/^<!doctype html>/);
    const health = await fetch(url);
    expect([health.headers.get('content-type'), await health.text()]).toEqual(['text/plain; charset=utf-8', 'Healthy']);
  });

  it('is Healthy for everybody when the page is off', async () => {
    const { url } = await webServer({}, { page: false });
    const answer = await fetch(url, { headers: html });
    expect([answer.headers.get('vary'), await answer.text()]).toEqual([null, 'Healthy']);
  });
});
