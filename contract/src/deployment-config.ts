import Type from 'typebox';
import type { Static } from 'typebox';
import { DriftSettingsSchema } from './drift/drift-settings.ts';
import { DeployedCollectionSchema } from './collection/collection-settings.ts';
import { EngineSettingsSchema } from './engine-settings.ts';

// `deploymentconfig.json`: what a service gets where it runs. Keys, defaults and bounds are Azure ML's (SDK v1, 2019) unless
// a description says otherwise; the `default` of a key is what holds when it is left out.

/** What a service may be called, with 3 to 32 characters: Azure ML's rule. */
export const SERVICE_NAME_PATTERN = '^[a-z]([-a-z0-9]*[a-z0-9])?$';

const Positive = (value: number, description: string) =>
  Type.Optional(Type.Number({ exclusiveMinimum: 0, default: value, description }));

const Whole = (value: number, description: string, bounds: { minimum?: number; maximum?: number } = {}) =>
  Type.Optional(Type.Integer({ minimum: 1, ...bounds, default: value, description }));

const Switch = (value: boolean, description: string) => Type.Optional(Type.Boolean({ default: value, description }));

const Words = (description: string) => Type.Optional(Type.String({ minLength: 1, description }));

const Pairs = Type.Optional(Type.Record(Type.String(), Type.String(), { default: {} }));

const closed = { additionalProperties: false } as const;

const Key = Type.Optional(
  Type.String({ pattern: '^[\\x21-\\x7e]{16,256}$', description: '16 to 256 printable ASCII characters, no blanks' }),
);

/** What every target has: who may call, and how much at once. */
const common = {
  $schema: Type.Optional(Type.String({ description: 'the JSON Schema of this file, for editors' })),
  description: Type.Optional(Type.String()),
  kvTags: Pairs,
  properties: Pairs,
  keys: Type.Optional(
    Type.Object({ primaryKey: Key, secondaryKey: Key }, { ...closed, description: 'default: made by chance' }),
  ),
  tokenAuthEnabled: Switch(false, 'whether requests need a token; not together with keys'),
  tokenIssuer: Type.Optional(
    Type.Object(
      {
        issuer: Type.String({ pattern: '^https?://\\S+$', description: 'an address, http:// or https://' }),
        audience: Type.String({ minLength: 1 }),
        jwksUri: Type.Optional(Type.String({ pattern: '^https?://\\S+$', description: 'default: by discovery' })),
      },
      {
        ...closed,
        description: 'edgewright’s own: Entra ID or another OIDC issuer; default: the service issues its own tokens',
      },
    ),
  ),
  engine: Type.Optional(EngineSettingsSchema),
  modelControl: Type.Optional(
    Type.Enum(['none', 'explicit'], {
      default: 'none',
      description: 'edgewright’s own: explicit lets callers load and unload models while the service runs',
    }),
  ),
  page: Switch(true, 'edgewright’s own: whether browsers get a page at / to try the service with'),
  drift: Type.Optional(DriftSettingsSchema),
  collectModelData: Type.Optional(
    Type.Union([Type.Boolean(), DeployedCollectionSchema], {
      description: 'whether inputs and predictions are kept; as an object edgewright’s own: also how, and where',
    }),
  ),
  appInsightsEnabled: Switch(false, 'whether Application Insights is told of requests'),
};

const limits = {
  scoringTimeoutMs: Whole(60_000, 'milliseconds for one request', { minimum: 5, maximum: 300_000 }),
  maxConcurrentRequestsPerContainer: Whole(1, 'requests that one replica works on at once'),
  maxQueueWaitMs: Whole(500, 'milliseconds in the queue until a request is refused with 503'),
};

const cpuAndMemory = {
  cpu: Positive(0.1, 'cores of one replica'),
  memoryInGB: Positive(0.5, 'gigabytes of one replica'),
};

/** For `local`: this machine. */
export const LocalDeploymentSchema = Type.Object(
  {
    ...common,
    ...limits,
    computeType: Type.Literal('local'),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535, description: 'default: any free port' })),
    authEnabled: Switch(false, 'edgewright’s own: whether requests need a key'),
    container: Switch(false, 'edgewright’s own: a container of this machine’s Docker Engine instead of a process'),
    containerResourceRequirements: Type.Optional(
      Type.Object(
        {
          cpu: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'cores; default: no limit' })),
          memoryInGB: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'gigabytes; default: no limit' })),
        },
        { ...closed, description: 'edgewright’s own: what the container may not exceed; needs container' },
      ),
    ),
    containerNetwork: Words('edgewright’s own: a network of the engine; default: its bridge, else the host’s network'),
  },
  { ...closed, $id: 'https://edgewright.dev/schemas/deploymentconfig-local.json' },
);

/** For `ACI`: Azure Container Instances. */
export const AciDeploymentSchema = Type.Object(
  {
    ...common,
    ...limits,
    computeType: Type.Literal('ACI'),
    containerResourceRequirements: Type.Optional(
      Type.Object(
        {
          ...cpuAndMemory,
          gpu: Type.Optional(Type.Integer({ minimum: 0, maximum: 0, description: '0: ACI has no GPUs' })),
        },
        { ...closed, default: {} },
      ),
    ),
    location: Words('an Azure region; default: the one of the resource group'),
    dnsNameLabel: Type.Optional(
      Type.String({ pattern: '^[a-z][a-z0-9-]{3,61}[a-z0-9]$', description: '5 to 63 of a-z, 0-9 and -' }),
    ),
    authEnabled: Switch(false, 'whether requests need a key'),
    sslEnabled: Switch(false, 'TLS; needs sslCertificate, sslKey and cname'),
    sslCertificate: Words('a PEM file'),
    sslKey: Words('a PEM file'),
    cname: Words('the name for which the certificate is'),
    encryptionProperties: Type.Optional(
      Type.Object(
        {
          vaultBaseUrl: Type.String({ pattern: '^https://\\S+$', description: 'an address, https://' }),
          keyName: Type.String({ minLength: 1 }),
          keyVersion: Type.String({ minLength: 1 }),
        },
        closed,
      ),
    ),
    vnetConfiguration: Type.Optional(
      Type.Object({ vnetName: Type.String({ minLength: 1 }), subnetName: Type.String({ minLength: 1 }) }, closed),
    ),
  },
  { ...closed, $id: 'https://edgewright.dev/schemas/deploymentconfig-aci.json' },
);

/** For `aks`: Azure Kubernetes Service, or any other Kubernetes. */
export const AksDeploymentSchema = Type.Object(
  {
    ...common,
    ...limits,
    computeType: Type.Literal('aks'),
    containerResourceRequirements: Type.Optional(
      Type.Object(
        {
          ...cpuAndMemory,
          gpu: Type.Optional(Type.Integer({ minimum: 0, description: 'GPUs of one replica' })),
          cpuLimit: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'cores that it may not exceed' })),
          memoryInGBLimit: Type.Optional(
            Type.Number({ exclusiveMinimum: 0, description: 'gigabytes that it may not exceed' }),
          ),
        },
        { ...closed, default: {} },
      ),
    ),
    autoScaler: Type.Optional(
      Type.Object(
        {
          autoscaleEnabled: Switch(true, 'default: true, unless numReplicas is given'),
          minReplicas: Whole(1, 'least replicas'),
          maxReplicas: Whole(10, 'most replicas'),
          refreshPeriodInSeconds: Whole(1, 'seconds between two looks at the load'),
          targetUtilization: Whole(70, 'per cent of busy replicas', { maximum: 100 }),
        },
        closed,
      ),
    ),
    numReplicas: Type.Optional(Type.Integer({ minimum: 1, description: 'a fixed number; autoscaling is then off' })),
    authEnabled: Switch(true, 'whether requests need a key; default: true, unless tokens are needed'),
    dataCollection: Type.Optional(
      Type.Object({ storageEnabled: Switch(false, 'whether inputs and predictions are kept') }, closed),
    ),
    livenessProbeRequirements: Type.Optional(
      Type.Object(
        {
          periodSeconds: Whole(10, 'seconds between two probes'),
          initialDelaySeconds: Whole(310, 'seconds until the first probe'),
          timeoutSeconds: Whole(2, 'seconds that a probe may take'),
          successThreshold: Whole(1, 'probes that must succeed; Kubernetes takes 1 only', { maximum: 1 }),
          failureThreshold: Whole(3, 'probes that may fail'),
        },
        { ...closed, default: {} },
      ),
    ),
    namespace: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
        description: 'a Kubernetes namespace',
        default: 'default',
      }),
    ),
    computeTargetName: Words('the compute target; --ct wins'),
    exposure: Type.Optional(
      Type.Enum(['LoadBalancer', 'InternalLoadBalancer', 'ClusterIP'], {
        default: 'LoadBalancer',
        description:
          'edgewright’s own: whether the service has an address outside of the cluster, or of the virtual network',
      }),
    ),
    imagePullSecretName: Words('edgewright’s own: a Secret of the namespace with which images are pulled'),
    ingress: Type.Optional(
      Type.Object(
        {
          kind: Type.Optional(
            Type.Enum(['Gateway', 'Ingress'], { description: 'default: Gateway where the cluster has a GatewayClass' }),
          ),
          host: Words('the name of the service; a Gateway can do without, an Ingress cannot'),
          tlsSecretName: Words('a Secret of type kubernetes.io/tls; without one there is no TLS'),
          className: Words('the class of the Ingress or of the Gateway; default: the cluster’s'),
          gateway: Type.Optional(
            Type.String({
              pattern: '^([a-z0-9-]+/)?[a-z0-9.-]+$',
              description: 'a Gateway that is there, NAME or NAMESPACE/NAME; default: one of its own',
            }),
          ),
        },
        {
          ...closed,
          description: 'edgewright’s own: how requests come in, by a Gateway or an Ingress; needs exposure ClusterIP',
        },
      ),
    ),
  },
  { ...closed, $id: 'https://edgewright.dev/schemas/deploymentconfig-aks.json' },
);

/** `deploymentconfig.json` for one of the targets `local`, `ACI` and `aks`, chosen by `computeType`. */
export const DeploymentConfigSchema = Type.Union([LocalDeploymentSchema, AciDeploymentSchema, AksDeploymentSchema], {
  $id: 'https://edgewright.dev/schemas/deploymentconfig.json',
  title: 'deploymentconfig.json',
});

export type DeploymentConfig = Static<typeof DeploymentConfigSchema>;
export type LocalDeployment = Static<typeof LocalDeploymentSchema>;
export type AciDeployment = Static<typeof AciDeploymentSchema>;
export type AksDeployment = Static<typeof AksDeploymentSchema>;
