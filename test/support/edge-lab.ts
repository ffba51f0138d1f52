import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeploymentManifest, ScorerDesired } from '@edgewright/contract';
import { connectHub } from '@edgewright/iothub';
import { bundleScorer } from '@edgewright/packager';
import { startSimulator } from '@edgewright/simulator';
import type { Simulator } from '@edgewright/simulator';
import { createAppRoot, ScorerProcess } from './scorer-process.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const DEVICE = 'edge-1';
const SCORER = 'scorer';
const SENSOR = 'sensor';

export interface EdgeLabOptions {
  readonly model: Uint8Array;
  readonly entryScript?: string;
  /** Modules that take messages, each from an output of the sensor that has its name; default one, `scorer`. */
  readonly modules?: readonly string[];
}

export interface ProgramOptions {
  readonly moduleId: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What runs the program, when that is not Node.js. */
  readonly executable?: string;
}

/** What arrived at the hub for one message of the sensor. */
export interface Arrival {
  /** The id of the sensor's message. */
  readonly id: string;
  readonly outputName: string;
  readonly messageId: string;
  readonly body: string;
  /** `performance.now()` when it was seen. */
  readonly at: number;
}

/**
 * A simulated edge device with a sensor, whose messages are routed to the scorer and from there to the hub, and the scorer
 * as the program of an image, bundled, which can be started and killed at will. For programs that measure and torture it.
 */
export class EdgeLab implements AsyncDisposable {
  readonly simulator: Simulator;
  readonly appRoot: string;
  readonly #modules: readonly string[];
  readonly #stack: AsyncDisposableStack;

  static async open({ model, entryScript, modules = [SCORER] }: EdgeLabOptions): Promise<EdgeLab> {
    await using stack = new AsyncDisposableStack();
    const appRoot = stack.use(await createAppRoot(model, entryScript)).directory;
    await bundleScorer(path.join(appRoot, 'scorer'));
    await symlink(path.join(repository, 'node_modules'), path.join(appRoot, 'node_modules'));
    const stateDirectory = await mkdtemp(path.join(tmpdir(), 'edgewright-lab-'));
    stack.defer(() => rm(stateDirectory, { recursive: true, force: true }));
    const simulator = stack.use(
      await startSimulator({
        stateDirectory,
        edgeHubTimings: { resumeAtOnce: true, retryMinimumMs: 50, retryDeltaMs: 50, retryMaximumMs: 500 },
      }),
    );
    await simulator.createDevice({ deviceId: DEVICE, edge: true });
    for (const moduleId of [SENSOR, ...modules]) await simulator.moduleCredentials(DEVICE, moduleId);
    return new EdgeLab({ simulator, appRoot, modules }, stack.move());
  }

  private constructor(
    parts: { simulator: Simulator; appRoot: string; modules: readonly string[] },
    stack: AsyncDisposableStack,
  ) {
    this.simulator = parts.simulator;
    this.appRoot = parts.appRoot;
    this.#modules = parts.modules;
    this.#stack = stack;
  }

  /** Sets the routes, and the desired properties of the modules: the same for all, or by name. */
  async configure(desired: ScorerDesired, byModule: Readonly<Record<string, ScorerDesired>> = {}): Promise<void> {
    const { connectionString, httpsPort, caFile } = this.simulator.info;
    await using hub = connectHub({ connectionString, port: httpsPort, caFile });
    const twins = this.#modules.map((name) => [name, { 'properties.desired': byModule[name] ?? desired }] as const);
    await hub.applyManifest(DEVICE, manifestWith(Object.fromEntries(twins)));
  }

  /** Starts the scorer; it is killed with the lab if it has not ended by then. */
  async startScorer(
    environment: Readonly<Record<string, string>> = {},
    moduleId: string = SCORER,
  ): Promise<ScorerProcess> {
    return this.startProgram([path.join(this.appRoot, 'scorer/main.mjs')], { moduleId, environment });
  }

  /** Starts a program as a module, with what it needs to join edgeHub in its environment. */
  async startProgram(
    program: readonly string[],
    { moduleId, environment = {}, executable }: ProgramOptions,
  ): Promise<ScorerProcess> {
    const credentials = await this.simulator.moduleCredentials(DEVICE, moduleId);
    const variables = { AML_APP_ROOT: this.appRoot, ...credentials.environment, ...environment };
    return this.#stack.use(new ScorerProcess(variables, program, executable));
  }

  /** A folder for the journal, gone with the lab. */
  async stateFolder(): Promise<string> {
    const directory = await mkdtemp(path.join(tmpdir(), 'edgewright-lab-state-'));
    this.#stack.defer(() => rm(directory, { recursive: true, force: true }));
    return directory;
  }

  /** Sends messages to a module as the sensor, with the ids given. Resolves when edgeHub has them all. */
  async send(
    messages: Iterable<{ readonly id: string; readonly body: unknown }>,
    moduleId: string = SCORER,
  ): Promise<number> {
    const outgoing = [...messages].map(({ id, body }) => ({ body, messageId: id }));
    const { confirmed } = await this.simulator.send({
      deviceId: DEVICE,
      moduleId: SENSOR,
      output: moduleId,
      messages: outgoing,
      inFlight: 16,
    });
    return confirmed;
  }

  /** Calls the direct method `ping` of a module, and waits for its answer. */
  async ping(moduleId: string): Promise<void> {
    await this.simulator.invokeMethod({ deviceId: DEVICE, moduleId, methodName: 'ping' });
  }

  /** Collects what arrives at the hub from now on, by the id of the sensor's message, until the signal fires. */
  collect(signal: AbortSignal, onArrival: (arrival: Arrival) => void = () => {}): Map<string, Arrival[]> {
    const arrivals = new Map<string, Arrival[]>();
    const collecting = async (): Promise<void> => {
      for await (const record of this.simulator.monitor({ deviceId: DEVICE }, signal)) {
        const id = record.properties['inputMessageId'] ?? record.systemProperties['messageId'] ?? '';
        const { outputName = '', messageId = '' } = record.systemProperties;
        const arrival = { id, outputName, messageId, body: record.body.toString(), at: performance.now() };
        arrivals.set(id, [...(arrivals.get(id) ?? []), arrival]);
        onArrival(arrival);
      }
    };
    void collecting().catch(() => {});
    return arrivals;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** @param twins desired properties of modules that the edge agent does not run, but whose twins it sets */
function manifestWith(twins: DeploymentManifest['modulesContent'] | object): DeploymentManifest {
  const systemModule = { type: 'docker', settings: { image: 'system', createOptions: '' } } as const;
  const routes = Object.keys(twins).flatMap((name) => [
    [
      `to-${name}`,
      `FROM /messages/modules/${SENSOR}/outputs/${name} INTO BrokeredEndpoint("/modules/${name}/inputs/amlInput")`,
    ],
    [`from-${name}`, `FROM /messages/modules/${name}/outputs/* INTO $upstream`],
  ]);
  return {
    modulesContent: {
      $edgeAgent: {
        'properties.desired': {
          schemaVersion: '1.1',
          runtime: { type: 'docker', settings: { minDockerVersion: 'v1.25' } },
          systemModules: {
            edgeAgent: systemModule,
            edgeHub: { ...systemModule, status: 'running', restartPolicy: 'always' },
          },
          modules: {},
        },
      },
      $edgeHub: {
        'properties.desired': {
          schemaVersion: '1.1',
          routes: Object.fromEntries(routes) as Record<string, string>,
          storeAndForwardConfiguration: { timeToLiveSecs: 7200 },
        },
      },
      ...twins,
    },
  };
}
