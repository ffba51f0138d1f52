import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

/** The account that Azurite has from the beginning; Microsoft publishes its key. */
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const DEADLINE_MS = 60_000;

export interface Azurite extends AsyncDisposable {
  /** Of the account, such as `http://127.0.0.1:40123/devstoreaccount1`. */
  readonly url: string;
  readonly connectionString: string;
}

/** Starts Azure's emulator of Blob storage, which keeps everything in memory. */
export async function startAzurite(): Promise<Azurite> {
  const program = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js');
  const flags = ['--blobPort', '0', '--inMemoryPersistence', '--skipApiVersionCheck', '--disableTelemetry'];
  const child = spawn(process.execPath, [program, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /listens on (http:\S+)/.exec(line)?.[1];
    if (address === undefined) continue;
    clearTimeout(timer);
    child.stdout.resume();
    const url = `${address}/${ACCOUNT}`;
    const connectionString = `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY};BlobEndpoint=${url};`;
    return { url, connectionString, [Symbol.asyncDispose]: stop };
  }
  await stop();
  throw new TypeError('Azurite ended before it listened');
}
