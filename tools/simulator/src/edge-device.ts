import { arch, tmpdir } from 'node:os';
import path from 'node:path';
import { discardEvents, ociPlatforms, platformOf } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import { agentTimings } from './agent/agent-timings.ts';
import type { AgentTimings } from './agent/agent-timings.ts';
import { ContainerRunner } from './agent/container-runner.ts';
import { EdgeAgent } from './agent/edge-agent.ts';
import type { ImageSources } from './agent/image-sources.ts';
import { readModuleLog } from './agent/module-log.ts';
import { moduleOutput } from './agent/module-output.ts';
import type { ModuleRunner } from './agent/module-runner.ts';
import type { ModuleState } from './agent/module-state.ts';
import { ProcessRunner } from './agent/process-runner.ts';
import { workloadModules } from './agent/workload-modules.ts';
import { EdgeHub } from './edgehub/edge-hub.ts';
import type { EdgeHubTimings } from './edgehub/edge-hub-timings.ts';
import { startMetricsService } from './http/metrics-service.ts';
import type { Hub } from './hub/hub.ts';
import type { CertificateIssuer } from './workload/certificate-issuer.ts';
import { WorkloadApi } from './workload/workload-api.ts';
import { startWorkloadServer } from './workload/workload-server.ts';
import { WorkloadSockets } from './workload/workload-sockets.ts';

/** What modules are told of the daemon's newest API version. */
const API_VERSION = '2022-08-03';
/** MQTT over TLS, which clients take where the gateway's name has no port. */
const MQTT_PORT = 8883;

export interface EdgeDeviceOptions {
  readonly hub: Hub;
  /** An edge device that the hub knows. */
  readonly deviceId: string;
  /** The address to listen on; a loopback address. */
  readonly host: string;
  /** The name by which modules reach the device's edgeHub (without a port); stands in its server certificate. */
  readonly gatewayHostName: string;
  /** 0 or absent: any free port. */
  readonly mqttPort?: number;
  /** Where modules call methods of each other; 0 or absent: any free port. The Azure SDKs call 443 and no other. */
  readonly httpsPort?: number;
  /** `socket`, the default: a Unix socket for each module. `http`: one port of this machine for all of them. */
  readonly workloadApi?: 'socket' | 'http';
  readonly certificates: CertificateIssuer;
  /** The device's own folder: queues, unpacked images, logs, sockets. Made when it is not there. */
  readonly stateDirectory: string;
  readonly images: ImageSources;
  /** Modules run as containers of a Docker Engine: of this socket, or of DOCKER_HOST. Without it they run as processes. */
  readonly containers?: { readonly socketPath?: string };
  /** The Node.js that stands for `node` in images, for instance `process.execPath`. */
  readonly nodePath: string;
  /** Environment variables of this machine that modules get too, such as PATH and HOME. */
  readonly environment: Readonly<Record<string, string>>;
  readonly edgeHubTimings?: Partial<EdgeHubTimings>;
  readonly agentTimings?: Partial<AgentTimings>;
  /** Report what modules print; it is kept in their logs in any case. */
  readonly showModuleOutput?: boolean;
  readonly emit?: EventSink;
}

/** A running edge device: its edgeHub, its workload API and its agent with the modules that it started. */
export interface EdgeDevice extends AsyncDisposable {
  readonly deviceId: string;
  /** `{gatewayHostName}:{port}` of its edgeHub; without the port where that is 8883, MQTT's own. */
  readonly gateway: string;
  readonly mqttPort: number;
  /** edgeHub's HTTPS interface. */
  readonly httpsPort: number;
  /** Prometheus metrics of edgeHub and of the agent. */
  readonly metricsUrls: { readonly edgeHub: string; readonly edgeAgent: string };
  /** False while the device is cut off from the hub. */
  readonly isOnline: boolean;
  modules(): readonly ModuleState[];
  /** How edgeHub fares: its queues, its routes, who is connected. */
  readonly edgeHub: Pick<EdgeHub, 'queueLengths' | 'routes' | 'connectedClients' | 'traffic'>;
  /** Cuts the device off from the hub, or connects it again: messages for `$upstream` wait meanwhile. */
  setOnline(online: boolean): void;
  /** What a module of a developer needs to join from outside, in place of the workload API. */
  moduleEnvironment(moduleId: string): Readonly<Record<string, string>>;
}

/**
 * Starts an edge device. Disposing of it ends every module and closes its ports.
 *
 * @throws SimulatorError `SimulatorPortInUse`, `SimulatedDeviceNotFound`, `SimulatorFailed`
 */
export async function startEdgeDevice(options: EdgeDeviceOptions): Promise<EdgeDevice> {
  const { hub, deviceId, gatewayHostName } = options;
  hub.requireIdentity(deviceId);
  await using opened = new AsyncDisposableStack();
  const edgeHub = opened.use(await startEdgeHub(options));
  const gateway = edgeHub.port === MQTT_PORT ? gatewayHostName : `${gatewayHostName}:${edgeHub.port}`;
  const workload: WorkloadAddresses = opened.use(await openWorkload(options, () => agent));
  const agent: EdgeAgent = await startAgent(options, { opened, workload, gateway, edgeHub });
  const agentMetrics = opened.use(
    await startMetricsService({
      purpose: "the edge agent's metrics",
      host: options.host,
      port: 0,
      metrics: () => agent.metrics(),
    }),
  );
  const parts = opened.move();
  return {
    deviceId,
    gateway,
    mqttPort: edgeHub.port,
    httpsPort: edgeHub.httpsPort,
    metricsUrls: {
      edgeHub: metricsUrl(options.host, edgeHub.metricsPort),
      edgeAgent: metricsUrl(options.host, agentMetrics.port),
    },
    edgeHub,
    get isOnline() {
      return edgeHub.isOnline;
    },
    modules: () => agent.states(),
    setOnline: (online) => {
      edgeHub.setOnline(online);
      agent.setOnline(online);
    },
    moduleEnvironment: (moduleId) => outsideEnvironment(options, gateway, moduleId),
    [Symbol.asyncDispose]: async () => await parts.disposeAsync(),
  };
}

function metricsUrl(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/metrics`;
}

async function startEdgeHub(options: EdgeDeviceOptions): Promise<EdgeHub> {
  const { hub, deviceId, host, gatewayHostName, mqttPort = 0, certificates, stateDirectory } = options;
  const certificate = await certificates.issue({
    commonName: gatewayHostName,
    purpose: 'server',
    alternativeNames: [...new Set([gatewayHostName, 'localhost', host])],
  });
  return await EdgeHub.start({
    hub,
    deviceId,
    host,
    port: mqttPort,
    gatewayHostName,
    certificate,
    trustBundle: certificates.trustBundle,
    stateDirectory,
    ...(options.httpsPort !== undefined && { httpsPort: options.httpsPort }),
    emit: options.emit ?? discardEvents,
    ...(options.edgeHubTimings !== undefined && { timings: options.edgeHubTimings }),
  });
}

/** Where modules find the workload API. */
interface WorkloadAddresses extends AsyncDisposable {
  uriFor(moduleId: string): Promise<string>;
  /** The module is gone. */
  close(moduleId: string): Promise<void>;
}

async function openWorkload(options: EdgeDeviceOptions, agent: () => EdgeAgent): Promise<WorkloadAddresses> {
  const { hub, deviceId, host, certificates, stateDirectory } = options;
  const api = new WorkloadApi({ hub, deviceId, certificates, modules: () => workloadModules(agent()) });
  if (options.workloadApi === 'http') {
    const server = await startWorkloadServer(api, { host, port: 0 });
    return {
      uriFor: async () => server.uri,
      close: async () => {},
      [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
    };
  }
  const directory = path.join(stateDirectory, 'sockets');
  return new WorkloadSockets({
    api,
    directory,
    temporaryDirectory: tmpdir(),
    isShared: options.containers !== undefined,
  });
}

async function startRunner(options: EdgeDeviceOptions, directory: string): Promise<ModuleRunner> {
  const { hub, deviceId, images, nodePath, environment, containers } = options;
  const named = platformOf(arch());
  const platform = named === undefined ? undefined : ociPlatforms[named];
  const { showModuleOutput = false, emit = discardEvents } = options;
  const output = showModuleOutput ? { onOutput: moduleOutput(deviceId, emit) } : {};
  const common = { directory, images, platform, now: hub.now, ...output };
  if (containers === undefined) return new ProcessRunner({ ...common, nodePath, environment });
  return await ContainerRunner.start({ ...common, ...containers, deviceId, temporaryDirectory: tmpdir() });
}

async function startAgent(
  options: EdgeDeviceOptions,
  started: {
    readonly opened: AsyncDisposableStack;
    readonly workload: WorkloadAddresses;
    readonly gateway: string;
    readonly edgeHub: EdgeHub;
  },
): Promise<EdgeAgent> {
  const { hub, deviceId, stateDirectory } = options;
  const { opened, workload, gateway, edgeHub } = started;
  const directory = path.join(stateDirectory, 'modules');
  const runner = opened.use(await startRunner(options, directory));
  const agent = new EdgeAgent({
    hub,
    deviceId,
    runner,
    timings: { ...agentTimings, ...options.agentTimings },
    environment: async (moduleId) => ({
      IOTEDGE_WORKLOADURI: await workload.uriFor(moduleId),
      IOTEDGE_AUTHSCHEME: 'sasToken',
      IOTEDGE_APIVERSION: API_VERSION,
      IOTEDGE_MODULEID: moduleId,
      IOTEDGE_MODULEGENERATIONID: hub.requireIdentity(deviceId, moduleId).generationId,
      IOTEDGE_DEVICEID: deviceId,
      IOTEDGE_IOTHUBHOSTNAME: hub.hostName,
      IOTEDGE_GATEWAYHOSTNAME: gateway,
    }),
    onRemoved: async (moduleId) => await workload.close(moduleId),
    onEdgeHubEnvironment: (variables) => edgeHub.configure(variables),
    directory: stateDirectory,
    log: async (moduleId) => await readModuleLog(path.join(directory, moduleId)),
    emit: options.emit ?? discardEvents,
  });
  return opened.use(agent);
}

/** The variables that iotedgehubdev gives to a module in the place of the workload API. */
function outsideEnvironment(
  { hub, deviceId, certificates }: EdgeDeviceOptions,
  gateway: string,
  moduleId: string,
): Readonly<Record<string, string>> {
  const { primaryKey } = hub.requireIdentity(deviceId, moduleId);
  return {
    EdgeHubConnectionString: `HostName=${hub.hostName};GatewayHostName=${gateway};DeviceId=${deviceId};ModuleId=${moduleId};SharedAccessKey=${primaryKey}`,
    EdgeModuleCACertificateFile: certificates.caFile,
  };
}
