import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import path from 'node:path';
import { discardEvents } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import type { AgentTimings } from './agent/agent-timings.ts';
import type { ImageSources, PullImage } from './agent/image-sources.ts';
import { CertificateAuthority } from './certificates/certificate-authority.ts';
import { serverCertificate } from './certificates/server-certificate.ts';
import { startControlServer } from './control/control-server.ts';
import { DeviceCertificates } from './certificates/device-certificates.ts';
import { Deployments } from './deployments/deployments.ts';
import type { DevelopmentOptions } from './development/development-options.ts';
import { startDevelopment } from './development/start-development.ts';
import { EdgeDevices } from './edge-devices.ts';
import type { EdgeHubTimings } from './edgehub/edge-hub-timings.ts';
import { Hub } from './hub/hub.ts';
import { HubServers } from './hub-servers.ts';
import { SharedAccessPolicies } from './hub/shared-access-policies.ts';
import { Lifetime } from './lifetime.ts';
import { LocalSimulator } from './local-simulator.ts';
import { Page } from './page/page.ts';
import type { Simulator, SimulatorInfo } from './simulator-client.ts';
import { SettingsTable } from './state/settings-table.ts';
import { StateDatabase } from './state/state-database.ts';
import { removeStateFile, writeStateFile } from './state/state-file.ts';

export interface SimulatorOptions {
  /** Everything the simulator keeps is in here; made when it is not there. Only one simulator at a time may use it. */
  readonly stateDirectory: string;
  /**
   * The name under which clients reach it, for certificates and connection strings; default `localhost`. It listens on
   * loopback only; with an address such as 127.0.0.7 on that one, so that several simulators have the usual ports.
   */
  readonly host?: string;
  /** IoT Hub's REST service and its MQTT over WebSocket; 0 or absent: any free port. SDKs expect 443. */
  readonly httpsPort?: number;
  /** IoT Hub's MQTT over TLS; 0 or absent: any free port. SDKs expect 8883. */
  readonly hubMqttPort?: number;
  /** PEM: authorities whose certificates let devices in, besides the simulator's own. */
  readonly deviceAuthorities?: readonly string[];
  /** The edgeHub of the first edge device; 0 or absent: any free port. Each device has its own. */
  readonly mqttPort?: number;
  /**
   * The HTTPS interface of the first edge device's edgeHub, for methods from module to module; 0 or absent: any free port. The
   * Azure SDKs call 443 and no other.
   */
  readonly edgeHttpsPort?: number;
  /** The control interface; 0 or absent: any free port. */
  readonly httpPort?: number;
  /** OCI image layouts in which edge agents find images. */
  readonly imageLayouts?: readonly string[];
  /**
   * Brings images that are in none of these layouts from their registries, for modules that run as processes. They come into
   * the layout `images` of the state folder. Without it such modules do not start.
   */
  readonly pullImage?: PullImage;
  /** Modules run as containers of a Docker Engine: of this socket, or of DOCKER_HOST. Without it they run as processes. */
  readonly containers?: { readonly socketPath?: string };
  /** Where modules find the workload API: a Unix socket for each, the default, or one port of this machine. */
  readonly workloadApi?: 'socket' | 'http';
  /** The Node.js that stands for `node` in images; default: the `node` of PATH. Give `process.execPath`. */
  readonly nodePath?: string;
  /** Variables that modules get beside their own; give PATH and HOME. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Of this process, for whoever wants to know; give `process.pid`. */
  readonly processId?: number;
  readonly edgeHubTimings?: Partial<EdgeHubTimings>;
  readonly agentTimings?: Partial<AgentTimings>;
  /** An edge device to develop with; default: only those that the state folder has. */
  readonly development?: DevelopmentOptions;
  /** Report what modules print, line by line. */
  readonly showModuleOutput?: boolean;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly now?: () => number;
  readonly emit?: EventSink;
  /** Ends the simulator when it is aborted. */
  readonly signal?: AbortSignal;
}

/**
 * Starts IoT Hub, and edgeHub, workload API and edge agent of every edge device in the state folder.
 *
 * @throws SimulatorError `SimulatorAlreadyRunning`, `SimulatorPortInUse`, `SimulatorFailed`
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { signal, emit = discardEvents } = options;
  signal?.throwIfAborted();
  const lifetime = new Lifetime();
  try {
    const simulator = await startParts(options, lifetime);
    signal?.throwIfAborted();
    const abort = () => void lifetime.end().catch(() => {});
    signal?.addEventListener('abort', abort, { once: true });
    lifetime.defer(() => signal?.removeEventListener('abort', abort));
    emit({
      stage: 'simulator',
      state: 'done',
      text: `the simulator runs, IoT Hub on port ${simulator.info.httpsPort}`,
    });
    return simulator;
  } catch (error) {
    await lifetime.end();
    throw error;
  }
}

/** Starts one part after the other; they end in reverse order. */
async function startParts(options: SimulatorOptions, lifetime: Lifetime): Promise<Simulator> {
  const { host = 'localhost', now = Date.now, emit = discardEvents } = options;
  const stateDirectory = path.resolve(options.stateDirectory);
  const address = addressOf(host);
  const state = await openState(options, lifetime);
  const { hub, settings, authority } = state;
  const edgeDevices = lifetime.use(
    await EdgeDevices.start({ ...edgeOptions(options), hub, settings, host: address, certificates: authority }),
  );
  const servers = await startHubServers(options, lifetime, state);
  const token = randomBytes(32).toString('base64url');
  const running: { info?: SimulatorInfo } = {};
  const certificates = new DeviceCertificates({
    hub,
    authority,
    directory: path.join(stateDirectory, 'certificates', 'devices'),
  });
  const simulator = new LocalSimulator({ hub, edgeDevices, lifetime, certificates, info: () => known(running.info) });
  const page = new Page({ simulator, hub, edgeDevices });
  const control = lifetime.use(
    await startControlServer({ simulator, page, token, host: address, port: options.httpPort ?? 0, emit }),
  );
  const url = `http://${address === '::1' ? '[::1]' : address}:${control.port}`;
  const own = options.processId === undefined ? {} : { processId: options.processId };
  const ca = authority.trustBundle;
  const parts = { stateDirectory, hub, edgeDevices, lifetime, host: address, ca, emit };
  const development = options.development && (await startDevelopment(options.development, parts));
  running.info = {
    stateDirectory,
    ...own,
    startedAt: new Date(now()).toISOString(),
    hubHostName: host,
    connectionString: state.policies.ownerConnectionString(host),
    caFile: authority.caFile,
    httpsPort: servers.httpsPort,
    mqttPort: servers.mqttPort,
    httpPort: control.port,
    pageUrl: `${url}${page.access.entrance}`,
    ...(development !== undefined && { development }),
  };
  writeStateFile(stateDirectory, { url, token, ...own });
  lifetime.defer(() => removeStateFile(stateDirectory));
  return simulator;
}

/** What the state folder holds of the hub. */
async function openState(options: SimulatorOptions, lifetime: Lifetime) {
  const { host = 'localhost', now = Date.now } = options;
  const stateDirectory = path.resolve(options.stateDirectory);
  const database = lifetime.use(StateDatabase.open(stateDirectory));
  const settings = new SettingsTable(database);
  const policies = new SharedAccessPolicies(settings);
  const directory = path.join(stateDirectory, 'certificates');
  const authority = await CertificateAuthority.open(directory, now);
  const certificate = await serverCertificate({ authority, directory, host, now });
  const hub = new Hub({ hostName: host, database, now });
  return { database, settings, policies, authority, certificate, hub };
}

async function startHubServers(
  options: SimulatorOptions,
  lifetime: Lifetime,
  state: Awaited<ReturnType<typeof openState>>,
): Promise<HubServers> {
  const { host = 'localhost', deviceAuthorities = [], emit = discardEvents } = options;
  const { hub, database, authority } = state;
  const deployments = lifetime.use(new Deployments({ hub, database, emit }));
  const servers = await HubServers.start({
    ...state,
    deployments,
    trustBundle: [authority.trustBundle, ...deviceAuthorities].join('\n'),
    host: addressOf(host),
    httpsPort: options.httpsPort ?? 0,
    mqttPort: options.hubMqttPort ?? 0,
    emit,
  });
  return lifetime.use(servers);
}

function edgeOptions(options: SimulatorOptions) {
  return {
    directory: path.join(path.resolve(options.stateDirectory), 'devices'),
    firstMqttPort: options.mqttPort ?? 0,
    firstHttpsPort: options.edgeHttpsPort ?? 0,
    gatewayHostName: options.host ?? 'localhost',
    images: imageSources(options),
    nodePath: options.nodePath ?? 'node',
    environment: options.environment ?? {},
    ...(options.containers !== undefined && { containers: options.containers }),
    ...(options.workloadApi !== undefined && { workloadApi: options.workloadApi }),
    ...(options.edgeHubTimings !== undefined && { edgeHubTimings: options.edgeHubTimings }),
    ...(options.agentTimings !== undefined && { agentTimings: options.agentTimings }),
    ...(options.showModuleOutput !== undefined && { showModuleOutput: options.showModuleOutput }),
    emit: options.emit ?? discardEvents,
  };
}

function imageSources({ imageLayouts = [], pullImage, stateDirectory }: SimulatorOptions): ImageSources {
  const layoutDirectory = path.join(path.resolve(stateDirectory), 'images');
  return {
    layouts: imageLayouts,
    references: {},
    ...(pullImage !== undefined && { registries: { pull: pullImage, layoutDirectory } }),
  };
}

/** Where to listen: on loopback, whatever the name. */
function addressOf(host: string): string {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.')) ? host : '127.0.0.1';
}

function known(info: SimulatorInfo | undefined): SimulatorInfo {
  if (info === undefined) throw new TypeError('the simulator is not up yet');
  return info;
}
