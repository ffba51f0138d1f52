import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, onTestFinished } from 'vitest';
import type { RemoteModel } from '@edgewright/contract';
import type { EngineModel } from '@edgewright/engine';
import { temporaryFolder } from '../engine-fixture.ts';

/** A call that reached the server. */
export interface ServedCall {
  readonly call: 'Predict' | 'ModelInfer';
  readonly model: { readonly name: string; readonly version?: string | number | null; readonly signature?: string };
  readonly metadata: Readonly<Record<string, string>>;
}

/** What the next calls get instead of an answer. */
export interface ServerFaults {
  /** A gRPC status, for so many calls. */
  readonly fail?: string;
  readonly times?: number;
  /** Seconds before an answer. */
  readonly delay?: number;
  /** The server ends in the middle of a call. */
  readonly die?: boolean;
  /** How tensors are answered: as bytes, as lists of values, or as no server should. */
  readonly answer?: 'raw' | 'values' | 'wrong type' | 'wrong shape' | 'nothing';
}

/** A server in Python, `server.py`. It ends with the test. */
export interface Accelerator {
  readonly address: string;
  readonly port: number;
  /** Calls since the server started, or since it was last asked. */
  calls(): Promise<readonly ServedCall[]>;
  /** Puts a file where the server finds it; `NAME.onnx` is the model NAME. */
  addFile(name: string, bytes: Uint8Array): Promise<void>;
  behave(faults: ServerFaults): Promise<void>;
  /** Stops answering without closing connections, as a machine does that lost its network; and again answers. */
  freeze(): void;
  thaw(): void;
  end(): Promise<void>;
}

export interface AcceleratorOptions {
  readonly token?: string;
  readonly service?: string;
  readonly port?: number;
  readonly certificate?: { readonly certificate: string; readonly privateKey: string };
}

const program = fileURLToPath(new URL('server.py', import.meta.url));

/** Starts a server for one test. @param python the interpreter, of `need(context, 'python')` */
export async function startAccelerator(python: string, options: AcceleratorOptions = {}): Promise<Accelerator> {
  const server = await launch(python, options);
  onTestFinished(() => server.end());
  return server;
}

const shared = new Map<string, Promise<Accelerator>>();

afterAll(async () => {
  for (const server of shared.values()) await (await server).end();
  shared.clear();
});

/** The same for all tests of a file that ask with the same options: nothing of a former test's faults or calls is left. */
export async function sharedAccelerator(python: string, options: AcceleratorOptions = {}): Promise<Accelerator> {
  const key = JSON.stringify(options);
  const server = await (shared.get(key) ?? launch(python, options));
  shared.set(key, Promise.resolve(server));
  await server.behave({ times: 0, delay: 0, answer: 'raw' });
  await server.calls();
  return server;
}

async function launch(python: string, options: AcceleratorOptions): Promise<Accelerator> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-accelerator-'));
  const flags = await flagsOf(folder, options);
  const child = spawn(python, [program, '--models', folder, ...flags], { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  child.stdin.on('error', () => {});
  const gone = once(child, 'close');
  const calls: ServedCall[] = [];
  const waiting: ((port: number) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as { port?: number; done?: true } & ServedCall;
    if (said.port === undefined && said.done === undefined) calls.push(said);
    else waiting.shift()?.(said.port ?? 0);
  });
  const answer = async (): Promise<number> =>
    new Promise((resolve, reject) => {
      waiting.push(resolve);
      void gone.then(() => reject(new TypeError(`the server ended: ${complaints}`)));
    });
  const port = await answer();
  const behave = async (faults: ServerFaults): Promise<void> => {
    const done = answer();
    child.stdin.write(`${JSON.stringify(faults)}\n`);
    await done;
  };
  return {
    address: `127.0.0.1:${port}`,
    port,
    calls: async () => {
      // what the server says comes in order: after this answer nothing of earlier calls is under way
      await behave({});
      return calls.splice(0);
    },
    addFile: (name, bytes) => writeFile(path.join(folder, name), bytes),
    behave,
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    end: async () => {
      child.kill('SIGKILL');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function flagsOf(folder: string, { token, service, port, certificate }: AcceleratorOptions): Promise<string[]> {
  const files = { certificate: path.join(folder, 'certificate.pem'), key: path.join(folder, 'key.pem') };
  if (certificate !== undefined) {
    await writeFile(files.certificate, certificate.certificate);
    await writeFile(files.key, certificate.privateKey);
  }
  return [
    ...(token === undefined ? [] : ['--token', token]),
    ...(service === undefined ? [] : ['--service', service]),
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(certificate === undefined ? [] : ['--certificate', files.certificate, '--key', files.key]),
  ];
}

/** Writes a description into a folder of its own, with files beside it, as the engine takes it. */
export async function remoteModel(
  description: RemoteModel,
  files: Readonly<Record<string, string>> = {},
): Promise<EngineModel> {
  const folder = path.join(await temporaryFolder(), 'remote', '1');
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  const file = path.join(folder, 'tiny.remote.json');
  await writeFile(file, JSON.stringify(description));
  return { name: 'tiny', version: 1, path: file, format: 'remote' };
}
