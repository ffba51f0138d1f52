import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../../test/support/free-port.ts';
import { PortGate } from './port-gate.ts';

async function scorer(name: string): Promise<{ address: { host: string; port: number }; server: Server }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => response.end(`${name} ${Buffer.concat(chunks).length}`));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port } };
}

async function openGate(): Promise<{ gate: PortGate; url: string }> {
  const gate = await PortGate.open('tiny', await freePort());
  onTestFinished(() => gate[Symbol.asyncDispose]());
  return { gate, url: `http://127.0.0.1:${gate.port}/score` };
}

/** On a connection of its own, as a new caller. */
async function ask(url: string, body = ''): Promise<string> {
  return await (await fetch(url, { method: 'POST', body, headers: { connection: 'close' } })).text();
}

describe('the port of a service in containers', () => {
  it('hands requests on, whole, and to another container after an exchange', async () => {
    const [{ gate, url }, one, two] = [await openGate(), await scorer('one'), await scorer('two')];
    gate.backend = one.address;
    expect(await ask(url, 'x'.repeat(3_000_000))).toBe('one 3000000');
    gate.backend = two.address;
    expect(await ask(url, 'x')).toBe('two 1');
  });

  it('answers 503 with Retry-After while nobody serves, and when who served has just gone', async () => {
    const [{ gate, url }, one] = [await openGate(), await scorer('one')];
    const refused = await fetch(url, { method: 'POST', body: 'x'.repeat(100_000) });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toEqual({ message: 'No ready replicas for service tiny' });
    gate.backend = one.address;
    one.server.close();
    await once(one.server, 'close');
    expect((await fetch(url)).status).toBe(503);
  });

  it('lets a caller that closes its side first have its answer', async () => {
    const [{ gate }, one] = [await openGate(), await scorer('one')];
    gate.backend = one.address;
    const socket = connect({ port: gate.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.end('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toContain('one 0');
  });

  it('says that a port is taken', async () => {
    const { gate } = await openGate();
    await expect(PortGate.open('other', gate.port)).rejects.toThrow('EADDRINUSE');
  });
});
