import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import { ContainerEngine } from '../containers/container-engine.ts';
import { PortGate } from '../containers/port-gate.ts';
import { ScorerContainer } from '../containers/scorer-container.ts';
import { DeployersError } from '../deployers-error.ts';
import type { StageFailure } from '../stage-failure.ts';
import type { Replica } from './replica.ts';
import type { DesiredContainer, DesiredService, ServiceFolder } from './service-folder.ts';
import type { ServiceLog } from './service-log.ts';

/** The scorer itself gives up closing after 9.5 s and what it drains. */
const STOP_MS = 15_000;
/** Keys hold within so long, as on other targets. */
const CREDENTIALS_MS = 500;
const CREDENTIAL_FILES = ['keys.json', 'jwks.json', 'app-insights'] as const;

/** Whose the containers of a service are: one text for each service of each workspace. */
export function ownerOf(folder: ServiceFolder): string {
  return createHash('sha256').update(folder.directory).digest('hex').slice(0, 16);
}

/** Where the images of a service are in the engine; the tag is the revision. */
export function imageRepository(directory: string, service: string): string {
  const owner = createHash('sha256').update(path.resolve(directory)).digest('hex').slice(0, 8);
  return `edgewright-services/${service}-${owner}`;
}

/** Whether an image was made for a service, and is not one that was given. */
export function isOwnImage(reference: string): boolean {
  return reference.startsWith('edgewright-services/');
}

/** Runs the revisions of one service as containers behind one port. */
export class ContainerReplicas {
  readonly #folder: ServiceFolder;
  #engine: Promise<ContainerEngine> | undefined;
  #gate: PortGate | undefined;
  #servedImage: string | undefined;

  constructor(folder: ServiceFolder) {
    this.#folder = folder;
  }

  /** Begins to start one; what is wrong with the engine or the port is why it ends. */
  start(desired: DesiredService, container: DesiredContainer, log: ServiceLog): Replica {
    const { promise: ready, resolve: becomeReady } = Promise.withResolvers<void>();
    const stop = new AbortController();
    let scorer: ScorerContainer | undefined;
    let serve = async (): Promise<void> => {};
    const run = async (): Promise<StageFailure> => {
      const engine = await this.#open();
      const gate = await this.#gateFor(desired.port, container.service);
      scorer = await this.#container(engine, { desired, container, log });
      if (stop.signal.aborted) void scorer.stop(0);
      const { ended } = scorer;
      void scorer.ready.then((address) => {
        serve = async () => {
          gate.backend = address;
          await this.#takenOver(gate, container.image);
        };
        becomeReady();
        void ended.then(() => {
          if (gate.backend === address) gate.backend = undefined;
        });
      });
      await this.#keepCredentials(scorer);
      return await ended;
    };
    return {
      revision: desired.revision,
      ready,
      ended: run().catch(failureOf),
      serve: async () => await serve(),
      stop: async () => {
        stop.abort();
        await scorer?.stop(STOP_MS);
      },
    };
  }

  async #open(): Promise<ContainerEngine> {
    this.#engine ??= ContainerEngine.open().then(async (engine) => {
      // of a host that was killed
      await engine.removeContainers(ownerOf(this.#folder));
      return engine;
    });
    try {
      return await this.#engine;
    } catch (error) {
      this.#engine = undefined;
      throw error;
    }
  }

  async #gateFor(port: number, service: string): Promise<PortGate> {
    if (this.#gate?.port === port) return this.#gate;
    try {
      const gate = await PortGate.open(service, port);
      this.#gate ??= gate;
      return gate;
    } catch (cause) {
      const message = `cannot listen on 127.0.0.1:${port}: ${messageOf(cause)}`;
      throw new PortTaken(message, { cause });
    }
  }

  async #container(
    engine: ContainerEngine,
    {
      desired,
      container,
      log,
    }: { readonly desired: DesiredService; readonly container: DesiredContainer; readonly log: ServiceLog },
  ): Promise<ScorerContainer> {
    const owner = ownerOf(this.#folder);
    const { image, cpu, memoryInGB, network, service, models } = container;
    const { revision } = desired;
    return new ScorerContainer({
      engine,
      name: `edgewright-${service}-${revision}-${owner.slice(0, 8)}`,
      image,
      owner,
      labels: {
        'edgewright.service': service,
        'edgewright.revision': String(revision),
        'edgewright.models': models.join(','),
      },
      environment: desired.environment,
      ...(cpu === undefined ? {} : { cpu }),
      ...(memoryInGB === undefined ? {} : { memoryInGB }),
      ...(network === undefined ? {} : { network }),
      credentials: await this.#credentials(),
      onLine: (line) => log.write(line),
    });
  }

  /** Images of revisions before the former one are of no use any more. */
  async #takenOver(gate: PortGate, image: string): Promise<void> {
    if (this.#gate !== gate) {
      await this.#gate?.[Symbol.asyncDispose]();
      this.#gate = gate;
    }
    const keep = [image, ...(this.#servedImage === undefined ? [] : [this.#servedImage])];
    this.#servedImage = image;
    const repository = /^(edgewright-services\/[^:]+):/.exec(image)?.[1];
    // what stays is disk, no failure of the service
    if (repository !== undefined) await (await this.#open()).removeImages(repository, keep).catch(() => {});
  }

  async #credentials(): Promise<Record<string, string>> {
    const read = async (name: string): Promise<readonly [string, string] | []> => {
      const text = await readFile(path.join(this.#folder.directory, name), 'utf8').catch(() => undefined);
      return text === undefined ? [] : [name, text];
    };
    const found = await Promise.all(CREDENTIAL_FILES.map(read));
    return Object.fromEntries(found.filter((entry) => entry.length === 2));
  }

  async #keepCredentials(scorer: ScorerContainer): Promise<void> {
    let given = JSON.stringify(await this.#credentials());
    const timer = setInterval(() => {
      void this.#credentials().then(async (files) => {
        const text = JSON.stringify(files);
        if (text === given) return;
        given = text;
        await scorer.giveCredentials(files).catch(() => {
          given = '';
        });
      });
    }, CREDENTIALS_MS);
    void scorer.ended.finally(() => clearInterval(timer));
  }
}

class PortTaken extends Error {}

function failureOf(error: unknown): StageFailure {
  const message = messageOf(error);
  if (error instanceof PortTaken) {
    const likelyCause = 'Another program listens there. Choose another port, or stop that program.';
    return { stage: 'listen', message, likelyCause, log: [] };
  }
  const isEngine = error instanceof DeployersError;
  const likelyCause = isEngine
    ? 'Install or start a Docker Engine, and see to it that this user may use it.'
    : 'The message says more.';
  return { stage: 'start', message, likelyCause, log: [] };
}
