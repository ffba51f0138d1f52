import { readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';
import type { TokenCredential } from '@azure/identity';
import { checkDocument, ContractError, DeploymentManifestSchema, messageOf } from '@edgewright/contract';
import azureIotCommon from 'azure-iot-common';
import azureIotHub from 'azure-iothub';
import type { Registry } from 'azure-iothub';
import { TOKEN_SCOPE } from './entra-credential.ts';
import type { HubAccess, HubCall } from './hub-call.ts';
import { parseHubConnectionString } from './hub-connection-string.ts';
import { hubDeployments } from './hub-deployments.ts';
import { hubFailure, statusOf } from './hub-failure.ts';
import { invokeMethod } from './hub-methods.ts';
import { deviceOf, listDevices, queryHub } from './hub-queries.ts';
import { HubRestClient } from './hub-rest-client.ts';
import { readTwin, updateTwin } from './hub-twins.ts';
import type { Hub, HubDevice } from './hub.ts';
import { IotHubError } from './iothub-error.ts';

/** Who asks: a policy of the hub, or an identity of Entra ID. */
export type HubLogin =
  | {
      /** `HostName=…;SharedAccessKeyName=…;SharedAccessKey=…`; the host name may carry `:port`. */
      readonly connectionString: string;
    }
  | {
      readonly hostName: string;
      readonly credential: TokenCredential;
    };

export type ConnectHubOptions = HubLogin & {
  /** Default 443, or the one in the host name. */
  readonly port?: number;
  /** A PEM file with the certificates to trust beside the usual ones. */
  readonly caFile?: string;
  /** Deadline of each call, further attempts included, in milliseconds; default 30,000. */
  readonly timeoutMs?: number;
};

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
  const { hostName, port: ownPort, config, registry: registryConfig } = loginOf(options);
  const port = options.port ?? ownPort ?? HTTPS_PORT;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const ca =
    options.caFile === undefined ? undefined : [...getCACertificates('default'), readCertificates(options.caFile)];
  const client = new HubRestClient(config, 'edgewright', { port, timeoutMs, ...(ca && { ca }) });
  // the two packages declare the same class apart from one another, so that TypeScript takes them for different ones
  const asDeclared = client as unknown as ConstructorParameters<typeof Registry>[1];
  const registry = new azureIotHub.Registry(registryConfig, asDeclared);
  const call: HubCall = async (action, send) => {
    try {
      return await send(registry);
    } catch (error) {
      throw error instanceof IotHubError ? error : hubFailure(error, { action, hostName, port, timeoutMs });
    }
  };
  return hubOf({ call, client }, hostName);
}

function hubOf(access: HubAccess, hostName: string): Hub {
  const { call, client } = access;
  return {
    hostName,
    deployments: hubDeployments(access),
    createEdgeDevice: async (deviceId) => await createEdgeDevice(deviceId, call),
    listDevices: async () => await listDevices(access),
    applyManifest: async (deviceId, manifest) => {
      const { modulesContent } = checkDocument(DeploymentManifestSchema, manifest, 'the deployment manifest');
      await call(`apply the manifest to the device "${deviceId}"`, (hub) =>
        hub.applyConfigurationContentOnDevice(deviceId, { modulesContent }),
      );
    },
    getTwin: async (deviceId) => await readTwin(access, { deviceId }),
    moduleTwin: async (deviceId, moduleId) => await readTwin(access, { deviceId, moduleId }),
    updateTwin: async (name, change, etag) => await updateTwin(access, name, { change, etag }),
    query: (text) => queryHub(access, text),
    invoke: async (request) => await invokeMethod(access, request),
    [Symbol.asyncDispose]: async () => {
      client[Symbol.dispose]();
      await Promise.resolve();
    },
  };
}

interface Login {
  readonly hostName: string;
  readonly port?: number;
  readonly config: ConstructorParameters<typeof HubRestClient>[0];
  /** The same for the Registry, which wants a text where the client takes an object. */
  readonly registry: ConstructorParameters<typeof Registry>[0];
}

function loginOf(options: HubLogin): Login {
  if ('credential' in options) {
    const [hostName = '', port] = options.hostName.split(':', 2);
    const config = { host: hostName, tokenCredential: options.credential, tokenScope: TOKEN_SCOPE };
    return { hostName, ...(port === undefined ? {} : { port: Number(port) }), config, registry: config };
  }
  const { hostName, port, policyName, policyKey } = parseHubConnectionString(options.connectionString);
  const expiry = Math.floor(Date.now() / 1000) + TOKEN_SECONDS;
  const signature = azureIotCommon.SharedAccessSignature.create(hostName, policyName, policyKey, expiry);
  return {
    hostName,
    ...(port === undefined ? {} : { port }),
    config: { host: hostName, sharedAccessSignature: signature },
    registry: { host: hostName, sharedAccessSignature: signature.toString() },
  };
}

async function createEdgeDevice(deviceId: string, call: HubCall): Promise<HubDevice> {
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
