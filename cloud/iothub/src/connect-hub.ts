import { readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';
import { checkDocument, ContractError, DeploymentManifestSchema, messageOf } from '@edgewright/contract';
import type { DeploymentManifest } from '@edgewright/contract';
import azureIotCommon from 'azure-iot-common';
import azureIotHub from 'azure-iothub';
import type { Device, Registry } from 'azure-iothub';
import { hubFailure, statusOf } from './hub-failure.ts';
import { HubRestClient } from './hub-rest-client.ts';
import { IotHubError } from './iothub-error.ts';
import { parseHubConnectionString } from './hub-connection-string.ts';

export interface ConnectHubOptions {
  /** `HostName=…;SharedAccessKeyName=…;SharedAccessKey=…`; the host name may carry `:port`. */
  readonly connectionString: string;
  /** Default 443, or the one in the host name. */
  readonly port?: number;
  /** A PEM file with the certificates to trust beside the usual ones. */
  readonly caFile?: string;
  /** Deadline of each call, further attempts included, in milliseconds; default 30,000. */
  readonly timeoutMs?: number;
}

export interface HubDevice {
  readonly deviceId: string;
  readonly edge: boolean;
  readonly enabled: boolean;
  readonly connected: boolean;
}

export interface HubTwin {
  readonly deviceId: string;
  readonly moduleId?: string;
  readonly etag: string;
  readonly desired: Readonly<Record<string, unknown>>;
  readonly reported: Readonly<Record<string, unknown>>;
  readonly tags: Readonly<Record<string, unknown>>;
}

/**
 * What edgewright asks of IoT Hub. Every call has a deadline, is tried again while the hub is throttling or failing, and
 * throws IotHubError `HubUnauthorized`, `DeviceNotFound`, `HubRejected` or `HubUnavailable`.
 *
 * Disposing of it closes the connections that are kept for the next call; the process ends without that, too.
 */
export interface Hub extends AsyncDisposable {
  readonly hostName: string;
  /** Creates the edge device; returns as it is one that exists already. */
  createEdgeDevice(deviceId: string): Promise<HubDevice>;
  /** The first thousand devices. */
  listDevices(): Promise<readonly HubDevice[]>;
  /**
   * Makes a manifest the device's configuration, at once.
   *
   * @throws ContractError `InvalidDocument`, before anything is sent
   */
  applyManifest(deviceId: string, manifest: DeploymentManifest): Promise<void>;
  getTwin(deviceId: string): Promise<HubTwin>;
  moduleTwin(deviceId: string, moduleId: string): Promise<HubTwin>;
}

const HTTPS_PORT = 443;
const DEFAULT_TIMEOUT_MS = 30_000;
/** Seconds for which the first token holds; the SDK makes a new one for each request. */
const TOKEN_SECONDS = 3600;

/**
 * Makes a client for one IoT Hub; nothing is sent yet. It is the SDK's Registry, unmodified.
 *
 * @throws IotHubError `ConnectionStringInvalid` · ContractError `FileNotReadable` for the file of certificates
 */
export function connectHub(options: ConnectHubOptions): Hub {
  const { hostName, port: ownPort, policyName, policyKey } = parseHubConnectionString(options.connectionString);
  const port = options.port ?? ownPort ?? HTTPS_PORT;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const expiry = Math.floor(Date.now() / 1000) + TOKEN_SECONDS;
  const signature = azureIotCommon.SharedAccessSignature.create(hostName, policyName, policyKey, expiry);
  const ca =
    options.caFile === undefined ? undefined : [...getCACertificates('default'), readCertificates(options.caFile)];
  const transport = { port, timeoutMs, ...(ca && { ca }) };
  const client = new HubRestClient({ host: hostName, sharedAccessSignature: signature }, 'edgewright', transport);
  // the two packages declare the same class apart from one another, so that TypeScript takes them for different ones
  const asDeclared = client as unknown as ConstructorParameters<typeof Registry>[1];
  const registry = new azureIotHub.Registry(
    { host: hostName, sharedAccessSignature: signature.toString() },
    asDeclared,
  );

  const call = async <Result>(action: string, send: (registry: Registry) => Promise<Result>): Promise<Result> => {
    try {
      return await send(registry);
    } catch (error) {
      throw hubFailure(error, { action, hostName, port, timeoutMs });
    }
  };

  return {
    hostName,
    createEdgeDevice: async (deviceId) => await createEdgeDevice(deviceId, call),
    listDevices: async () =>
      (await call('list the devices', (hub) => hub.list())).responseBody.map((device) => deviceOf(device)),
    applyManifest: async (deviceId, manifest) => {
      const { modulesContent } = checkDocument(DeploymentManifestSchema, manifest, 'the deployment manifest');
      await call(`apply the manifest to the device "${deviceId}"`, (hub) =>
        hub.applyConfigurationContentOnDevice(deviceId, { modulesContent }),
      );
    },
    getTwin: async (deviceId) =>
      twinOf((await call(`read the twin of "${deviceId}"`, (hub) => hub.getTwin(deviceId))).responseBody),
    moduleTwin: async (deviceId, moduleId) =>
      twinOf(
        (await call(`read the twin of "${deviceId}/${moduleId}"`, (hub) => hub.getModuleTwin(deviceId, moduleId)))
          .responseBody,
      ),
    [Symbol.asyncDispose]: async () => {
      client[Symbol.dispose]();
      await Promise.resolve();
    },
  };
}

type Call = <Result>(action: string, send: (registry: Registry) => Promise<Result>) => Promise<Result>;

async function createEdgeDevice(deviceId: string, call: Call): Promise<HubDevice> {
  const action = `create the edge device "${deviceId}"`;
  try {
    const description = { deviceId, status: 'enabled', capabilities: { iotEdge: true } } as const;
    return deviceOf((await call(action, (hub) => hub.create(description))).responseBody);
  } catch (error) {
    if (!(error instanceof IotHubError) || statusOf(error.cause) !== 409) throw error;
    const existing = deviceOf((await call(action, (hub) => hub.get(deviceId))).responseBody);
    if (existing.edge) return existing;
    throw new IotHubError(
      'HubRejected',
      `cannot ${action}: the hub has a device of this name, and it is not an edge device; choose another name, or remove it`,
      { details: { deviceId }, cause: error },
    );
  }
}

function deviceOf(device: Device): HubDevice {
  return {
    deviceId: device.deviceId,
    edge: device.capabilities?.iotEdge === true,
    enabled: device.status === 'enabled',
    // the SDK's types say `connected`, the service says `Connected`
    connected: device.connectionState?.toLowerCase() === 'connected',
  };
}

interface SdkTwin {
  readonly deviceId: string;
  readonly moduleId?: string;
  readonly etag: string;
  readonly tags?: Readonly<Record<string, unknown>>;
  readonly properties: {
    readonly desired: Readonly<Record<string, unknown>>;
    readonly reported: Readonly<Record<string, unknown>>;
  };
}

function twinOf({ deviceId, moduleId, etag, tags, properties }: SdkTwin): HubTwin {
  return {
    deviceId,
    ...(moduleId === undefined ? {} : { moduleId }),
    etag,
    desired: properties.desired,
    reported: properties.reported,
    tags: tags ?? {},
  };
}

function readCertificates(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ContractError('FileNotReadable', `cannot read the file of certificates ${file}: ${messageOf(cause)}`, {
      details: { file },
      cause,
    });
  }
}
