import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { messageOf } from '@edgewright/contract';
import { explainFailure } from '../explain-failure.ts';
import type { StageFailure } from '../stage-failure.ts';
import { ignoring } from './container-engine.ts';
import type { Address } from './port-gate.ts';
import { CREDENTIALS_FOLDER, scorerContainerOptions } from './scorer-container-options.ts';
import type { ScorerContainerOptions } from './scorer-container-options.ts';

/** What is kept of the log to explain an end. */
const KEPT_LINES = 200;
const LAST_LINES_MS = 2000;
const MEMORY_TO_END_MS = 15_000;
const LOOK_MS = 50;
const ASK_MS = 2000;
const SCORER_USER = 1000;

/** A scorer that runs as a container, with rights to nothing but its own folder and limits that the kernel holds it to. */
export class ScorerContainer {
  /** Resolves with where it listens, once it is warm; never when it ends before. */
  readonly ready: Promise<Address>;
  /** Why it ended; it never rejects. */
  readonly ended: Promise<StageFailure>;
  readonly #options: ScorerContainerOptions;
  readonly #log: string[] = [];
  readonly #listening = Promise.withResolvers<number>();
  #container: Docker.Container | undefined;
  #hasEnded = false;
  #isStopping = false;
  #outOfMemoryAt: number | undefined;

  constructor(options: ScorerContainerOptions) {
    this.#options = options;
    const run = this.#run();
    this.ended = run
      .catch((error: unknown) => notStarted(error, this.#log))
      .finally(() => {
        this.#hasEnded = true;
      });
    this.ready = this.#listening.promise.then(async (port) => await this.#answering(port));
    // told by `ended` as well
    this.ready.catch(() => {});
  }

  /** Whether the kernel ended one of its processes because they took more memory than the limit. */
  get ranOutOfMemory(): boolean {
    return this.#outOfMemoryAt !== undefined;
  }

  /** Processor time, memory and throttling as the engine counts them. */
  async stats(): Promise<Docker.ContainerStats | undefined> {
    const { engine } = this.#options;
    if (this.#container === undefined || this.#hasEnded) return undefined;
    return await engine.docker
      .getContainer(this.#container.id)
      .stats({ stream: false, 'one-shot': true } as { stream: false })
      .catch(() => undefined);
  }

  /** Exchanges files of `CREDENTIALS_FOLDER`. */
  async giveCredentials(files: Readonly<Record<string, string>>): Promise<void> {
    if (this.#container === undefined || this.#hasEnded || Object.keys(files).length === 0) return;
    const archive = pack();
    const owner = { uid: SCORER_USER, gid: SCORER_USER, mode: 0o400 };
    for (const [name, content] of Object.entries(files)) archive.entry({ name, ...owner }, content);
    archive.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of archive) chunks.push(chunk as Buffer);
    await this.#container.putArchive(Buffer.concat(chunks), { path: CREDENTIALS_FOLDER }).catch(ignoring(404, 409));
  }

  /** Lets it finish what it took, for so long, then ends and removes it. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    // 304: it has ended already; 404: it was removed meanwhile
    await this.#container?.stop({ t: Math.ceil(graceMs / 1000) }).catch(ignoring(304, 404));
    await this.ended;
  }

  async #run(): Promise<StageFailure> {
    const { engine, name } = this.#options;
    const container = await engine.docker.createContainer(scorerContainerOptions(this.#options));
    this.#container = container;
    const watching = new AbortController();
    try {
      const output = await this.#follow(container);
      await this.#watchMemory(container, watching.signal);
      await this.giveCredentials(this.#options.credentials ?? {});
      await container.start();
      if (this.#isStopping) await container.stop({ t: 0 }).catch(ignoring(304, 404));
      const { StatusCode } = (await container.wait()) as { StatusCode: number };
      await Promise.race([output.finished, sleep(LAST_LINES_MS, undefined, { ref: false })]);
      const { State } = await container.inspect();
      if (State.OOMKilled) this.#outOfMemoryAt = performance.now();
      // a process that ended long before has nothing to do with this end
      const isMemory = performance.now() - (this.#outOfMemoryAt ?? -Infinity) < MEMORY_TO_END_MS;
      return explainFailure({
        exitCode: StatusCode,
        signal: undefined,
        log: this.#log,
        ...(isMemory ? { memoryLimitInGB: this.#options.memoryInGB ?? engine.most.memoryInGB } : {}),
      });
    } finally {
      watching.abort();
      await engine.docker
        .getContainer(container.id)
        .remove({ force: true, v: true })
        .catch(() => {
          // it is removed by its owner's next start: a failure here would hide why it ended
          this.#keep(`edgewright: the container ${name} could not be removed`);
        });
    }
  }

  /** Reads what it writes. */
  async #follow(container: Docker.Container): Promise<{ readonly finished: Promise<unknown> }> {
    const output = await container.attach({ stream: true, stdout: true, stderr: true });
    const streams = [new PassThrough(), new PassThrough()] as const;
    container.modem.demuxStream(output, ...streams);
    for (const event of ['end', 'close', 'error']) output.once(event, () => streams.forEach((stream) => stream.end()));
    return { finished: Promise.all(streams.map((stream) => this.#read(stream))) };
  }

  async #read(stream: PassThrough): Promise<void> {
    for await (const line of createInterface({ input: stream })) this.#keep(line);
  }

  #keep(line: string): void {
    this.#log.push(line);
    if (this.#log.length > KEPT_LINES) this.#log.shift();
    const port = portIn(line);
    if (port !== undefined) this.#listening.resolve(port);
    this.#options.onLine?.(line);
  }

  /** The engine tells of every process that the kernel ends, also of those that the scorer starts again. */
  async #watchMemory(container: Docker.Container, signal: AbortSignal): Promise<void> {
    const { engine, memoryInGB } = this.#options;
    const filters = { container: [container.id], event: ['oom'] };
    const events = await engine.docker.getEvents({ filters, abortSignal: signal } as Docker.GetEventsOptions);
    events.on('error', () => {});
    events.on('data', () => {
      this.#outOfMemoryAt = performance.now();
      this.#keep(
        `edgewright: the kernel ended a process of this container: it took more than ${memoryInGB ?? 'all'} GB of memory`,
      );
    });
  }

  /** Waits until it answers at one of the addresses by which it may be reached. */
  async #answering(port: number): Promise<Address> {
    const addresses = await this.#addresses(port);
    while (!this.#hasEnded) {
      for (const address of addresses) if (await answers(address)) return address;
      await sleep(LOOK_MS);
    }
    return await new Promise<never>(() => {});
  }

  async #addresses(port: number): Promise<Address[]> {
    if (this.#container === undefined) return [];
    const { HostConfig, NetworkSettings } = await this.#container.inspect();
    if (HostConfig.NetworkMode === 'host') return [{ host: '127.0.0.1', port }];
    const published = Object.values(NetworkSettings.Ports)
      .flat()
      .flatMap((binding: { HostPort?: string } | null) => Number(binding?.HostPort) || [])
      .map((hostPort) => ({ host: '127.0.0.1', port: hostPort }));
    // where this program is in a container itself, loopback is not the engine's
    const own = Object.values(NetworkSettings.Networks)
      .filter(({ IPAddress }) => IPAddress !== '')
      .map(({ IPAddress }) => ({ host: IPAddress, port }));
    return [...published, ...own];
  }
}

/** The port in the line by which a scorer says that it is warm. */
function portIn(line: string): number | undefined {
  if (!line.includes('"ready to score"')) return undefined;
  try {
    const { url, msg } = JSON.parse(line) as { url?: string; msg?: string };
    return msg === 'ready to score' && url !== undefined ? Number(new URL(url).port) : undefined;
  } catch {
    return undefined;
  }
}

async function answers({ host, port }: Address): Promise<boolean> {
  return await fetch(`http://${host}:${port}/`, { signal: AbortSignal.timeout(ASK_MS) }).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );
}

/** What the engine says when it cannot even start a container. */
function notStarted(error: unknown, log: readonly string[]): StageFailure {
  const message = messageOf(error);
  const isProgram = /executable file not found|no such file or directory|exec format error/i.test(message);
  const isMissing = (error as { statusCode?: number }).statusCode === 404;
  const likelyCause = isProgram
    ? 'The image has no C library for Node.js: name a baseImage that has one in the inference configuration.'
    : isMissing
      ? 'The image is not in the Docker Engine: `docker images` lists what is there.'
      : 'The message is the Docker Engine’s own.';
  return { stage: isMissing ? 'pull' : 'start', message, likelyCause, log: log.slice(-20) };
}
