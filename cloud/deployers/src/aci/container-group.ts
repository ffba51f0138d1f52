import type { ContainerGroup } from '@azure/arm-containerinstance';
import type { AciSettings } from '../config/complete-deployment-config.ts';
import { publicKeys } from '../credentials/service-credentials.ts';
import { collectionSecrets, readCollectionSecrets } from '../collection-environment.ts';
import { serviceEnvironment } from '../service-environment.ts';
import type { ServiceSpec } from '../service-spec.ts';
import { readCertificate } from './read-certificate.ts';
import type { CertificateFiles } from './read-certificate.ts';

/** A place in Azure for container groups. */
export interface AciPlace {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** The region, where the settings name none. */
  readonly location: string;
  /** A user-assigned identity that may pull from the registry, by its resource id. */
  readonly identity?: string | undefined;
}

export const REVISION_TAG = 'edgewright-revision';
export const CONTAINER = 'scorer';
/** ACI maps no ports: what the container listens on is what callers see, and it may not listen below 1024. */
export const PORT = 5001;

const TLS_FOLDER = '/var/run/edgewright-tls';
const JWKS_FOLDER = '/var/run/edgewright-jwks';

type Variables = NonNullable<ContainerGroup['containers'][number]['environmentVariables']>;

/**
 * The container group of a service.
 *
 * @throws DeployersError `DeploymentConfigInvalid` when the certificate cannot be used
 */
export function containerGroupOf(spec: ServiceSpec, place: AciPlace): ContainerGroup {
  const settings = spec.settings as AciSettings;
  const { cpu, memoryInGB } = settings.containerResourceRequirements;
  const mounts = volumesOf(spec, settings);
  const port = { port: PORT, protocol: 'TCP' };
  const { description, kvTags, encryptionProperties, vnetConfiguration: network } = settings;
  const subnet = `/subscriptions/${place.subscriptionId}/resourceGroups/${place.resourceGroup}/providers/Microsoft.Network/virtualNetworks/${network?.vnetName}/subnets/${network?.subnetName}`;
  return {
    location: settings.location ?? place.location,
    osType: 'Linux',
    restartPolicy: 'Always',
    tags: { ...kvTags, ...(description === undefined ? {} : { description }), [REVISION_TAG]: String(spec.revision) },
    containers: [
      {
        name: CONTAINER,
        image: spec.artifact,
        ports: [port],
        resources: { requests: { cpu, memoryInGB } },
        environmentVariables: variablesOf(spec, settings),
        ...(mounts.length === 0
          ? {}
          : { volumeMounts: mounts.map(({ name, mountPath }) => ({ name, mountPath, readOnly: true })) }),
      },
    ],
    ...(mounts.length === 0 ? {} : { volumes: mounts.map(({ name, secret }) => ({ name, secret })) }),
    ipAddress:
      network === undefined
        ? { type: 'Public', ports: [port], dnsNameLabel: settings.dnsNameLabel ?? labelOf(spec, place) }
        : { type: 'Private', ports: [port] },
    ...(network === undefined ? {} : { subnetIds: [{ id: subnet }] }),
    ...(encryptionProperties === undefined ? {} : { encryptionProperties }),
    ...registryOf(spec.artifact, place.identity),
  };
}

/** Names are unique in a region: the label carries a piece of the subscription. */
function labelOf({ name }: ServiceSpec, { subscriptionId }: AciPlace): string {
  return `${name}-${subscriptionId
    .replace(/[^0-9a-z]/gi, '')
    .slice(0, 8)
    .toLowerCase()}`;
}

function variablesOf(spec: ServiceSpec, settings: AciSettings): Variables {
  const { keys, appInsights } = spec.credentials;
  const open = {
    ...serviceEnvironment(spec, { jwksFile: `${JWKS_FOLDER}/jwks.json` }),
    PORT: String(PORT),
    ...(settings.sslEnabled
      ? {
          EDGEWRIGHT_TLS_CERTIFICATE_FILE: `${TLS_FOLDER}/tls.crt`,
          EDGEWRIGHT_TLS_KEY_FILE: `${TLS_FOLDER}/tls.key`,
        }
      : {}),
  };
  const secret = {
    ...(keys === undefined
      ? {}
      : { EDGEWRIGHT_PRIMARY_KEY: keys.primaryKey, EDGEWRIGHT_SECONDARY_KEY: keys.secondaryKey }),
    ...(appInsights === undefined ? {} : { APPLICATIONINSIGHTS_CONNECTION_STRING: appInsights }),
  };
  const collected = Object.entries(readCollectionSecrets(settings)) as [keyof typeof collectionSecrets, string][];
  return [
    ...Object.entries(open).map(([name, value]) => ({ name, value })),
    ...Object.entries(secret).map(([name, secureValue]) => ({ name, secureValue })),
    ...collected.map(([name, secureValue]) => ({ name: collectionSecrets[name], secureValue })),
  ];
}

interface SecretMount {
  readonly name: string;
  readonly mountPath: string;
  /** Base64 by file name. */
  readonly secret: Record<string, string>;
}

function volumesOf({ credentials }: ServiceSpec, settings: AciSettings): SecretMount[] {
  const files = readCertificate(settings);
  const { signingKey } = credentials;
  const tls = ({ certificate, privateKey }: CertificateFiles): SecretMount => ({
    name: 'tls',
    mountPath: TLS_FOLDER,
    secret: { 'tls.crt': certificate.toString('base64'), 'tls.key': privateKey.toString('base64') },
  });
  const jwks = Buffer.from(signingKey === undefined ? '' : publicKeys(signingKey)).toString('base64');
  return [
    ...(files === undefined ? [] : [tls(files)]),
    ...(signingKey === undefined ? [] : [{ name: 'jwks', mountPath: JWKS_FOLDER, secret: { 'jwks.json': jwks } }]),
  ];
}

function registryOf(
  image: string,
  identity: string | undefined,
): Pick<ContainerGroup, 'identity' | 'imageRegistryCredentials'> {
  const server = image.split('/', 1)[0] ?? '';
  if (identity === undefined) return {};
  return {
    identity: { type: 'UserAssigned', userAssignedIdentities: { [identity]: {} } },
    imageRegistryCredentials: [{ server, identity }],
  };
}
