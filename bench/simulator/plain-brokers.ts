import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createTestCertificate } from '../../test/support/test-certificate.ts';
import type { Broker } from './broker.ts';
import { freePort } from '../../test/support/free-port.ts';

const aedesProgram = fileURLToPath(new URL('./serve-aedes.ts', import.meta.url));
/** A topic that every sender publishes to and the receiver reads. */
const TOPIC = 'bench/messages';

/** Mosquitto with its persistence switched on, as its packages configure it: the file is written now and then. */
export function openMosquitto(): Promise<Broker> {
  return startMosquitto(['autosave_interval 1800']);
}

/** Mosquitto as its packages configure it, but for one thing: a client gets one message at a time, as edgeHub has it. */
export function openSerialMosquitto(): Promise<Broker> {
  return startMosquitto(['autosave_interval 1800', 'max_inflight_messages 1']);
}

/** Mosquitto held to what edgeHub promises: the file is written at each change, and a client gets one message at a time. */
export function openStrictMosquitto(): Promise<Broker> {
  return startMosquitto(['autosave_on_changes true', 'autosave_interval 1', 'max_inflight_messages 1']);
}

async function startMosquitto(settings: readonly string[]): Promise<Broker> {
  await using opened = new AsyncDisposableStack();
  const { folder, certificate, key, ca } = await certificates(opened);
  const port = await freePort();
  const lines = [
    `listener ${port} 127.0.0.1`,
    `certfile ${certificate}`,
    `keyfile ${key}`,
    'allow_anonymous true',
    'persistence true',
    `persistence_location ${folder}/`,
    ...settings,
    'max_queued_messages 0',
    'log_type none',
    // Mosquitto gives up its rights when root starts it, and the folder is ours
    `user ${os.userInfo().username}`,
  ];
  const file = path.join(folder, 'mosquitto.conf');
  await writeFile(file, `${lines.join('\n')}\n`);
  const child = spawn('mosquitto', ['-c', file], {
    stdio: 'ignore',
    env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
  });
  opened.defer(() => ended(child));
  await once(child, 'spawn');
  await untilOpen(port);
  return plainBroker({ port, ca, child }, opened.move());
}

/** aedes without anything beside it: no disk, no queue that outlives it. */
export async function openAedes(): Promise<Broker> {
  await using opened = new AsyncDisposableStack();
  const { certificate, key, ca } = await certificates(opened);
  const child = fork(aedesProgram, [certificate, key], { execArgv: process.execArgv });
  opened.defer(() => ended(child));
  const [port] = (await once(child, 'message')) as [number];
  return plainBroker({ port, ca, child }, opened.move());
}

function plainBroker(
  { port, ca, child }: { readonly port: number; readonly ca: string; readonly child: ChildProcess },
  closing: AsyncDisposableStack,
): Broker {
  return {
    port,
    ca,
    processId: child.pid ?? 0,
    inputFilter: TOPIC,
    credentials: async (clientId) => ({ clientId }),
    publishTopic: () => TOPIC,
    upstream: () => undefined,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

async function certificates(opened: AsyncDisposableStack) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewright-bench-broker-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const made = await createTestCertificate();
  const [certificate, key] = [path.join(folder, 'certificate.pem'), path.join(folder, 'key.pem')];
  await writeFile(certificate, made.certificate);
  await writeFile(key, made.privateKey, { mode: 0o600 });
  return { folder, certificate, key, ca: made.certificate };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

async function untilOpen(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await pause(50);
  }
  throw new TypeError(`mosquitto does not listen on port ${port}`);
}
