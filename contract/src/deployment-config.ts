import Type from 'typebox';
import type { Static } from 'typebox';

// `deploymentconfig.json`: what a service gets where it runs. Keys, defaults and bounds are Azure ML's (SDK v1, 2019); the
// `default` of a key is what holds when it is left out.

const Positive = (value: number, description: string) =>
  Type.Optional(Type.Number({ exclusiveMinimum: 0, default: value, description }));

const Whole = (value: number, description: string, bounds: { minimum?: number; maximum?: number } = {}) =>
  Type.Optional(Type.Integer({ minimum: 1, ...bounds, default: value, description }));

const Switch = (value: boolean, description: string) => Type.Optional(Type.Boolean({ default: value, description }));

const Pairs = Type.Optional(Type.Record(Type.String(), Type.String()));

const common = {
  $schema: Type.Optional(Type.String({ description: 'the JSON Schema of this file, for editors' })),
  description: Type.Optional(Type.String()),
  kvTags: Pairs,
  properties: Pairs,
};

const resources = Type.Optional(
  Type.Object(
    {
      cpu: Positive(0.1, 'cores of one replica'),
      memoryInGB: Positive(0.5, 'gigabytes of one replica'),
      gpu: Type.Optional(Type.Integer({ minimum: 0, description: 'GPUs of one replica; AKS only' })),
    },
    { additionalProperties: false },
  ),
);

const LocalDeploymentSchema = Type.Object(
  {
    ...common,
    computeType: Type.Literal('local'),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535, description: 'default: any free port' })),
  },
  { additionalProperties: false },
);

const AciDeploymentSchema = Type.Object(
  {
    ...common,
    computeType: Type.Literal('ACI'),
    containerResourceRequirements: resources,
    location: Type.Optional(Type.String({ description: 'an Azure region; default: the workspace’s' })),
    dnsNameLabel: Type.Optional(Type.String({ minLength: 1 })),
    authEnabled: Switch(false, 'whether requests need a key'),
    sslEnabled: Switch(false, 'TLS; needs sslCertificate, sslKey and cname'),
    sslCertificate: Type.Optional(Type.String({ description: 'a PEM file' })),
    sslKey: Type.Optional(Type.String({ description: 'a PEM file' })),
    cname: Type.Optional(Type.String()),
    appInsightsEnabled: Switch(false, 'whether Application Insights is told of requests'),
  },
  { additionalProperties: false },
);

const AksDeploymentSchema = Type.Object(
  {
    ...common,
    computeType: Type.Literal('aks'),
    containerResourceRequirements: resources,
    autoScaler: Type.Optional(
      Type.Object(
        {
          autoscaleEnabled: Switch(true, 'default: true, unless numReplicas is given'),
          minReplicas: Whole(1, 'least replicas'),
          maxReplicas: Whole(10, 'most replicas'),
          refreshPeriodInSeconds: Whole(1, 'seconds between two looks at the load'),
          targetUtilization: Whole(70, 'per cent of busy replicas', { maximum: 100 }),
        },
        { additionalProperties: false },
      ),
    ),
    numReplicas: Type.Optional(Type.Integer({ minimum: 1, description: 'a fixed number; autoscaling is then off' })),
    authEnabled: Switch(true, 'whether requests need a key'),
    tokenAuthEnabled: Switch(false, 'whether requests need a token; not together with keys'),
    appInsightsEnabled: Switch(false, 'whether Application Insights is told of requests'),
    dataCollection: Type.Optional(
      Type.Object(
        { storageEnabled: Switch(false, 'whether inputs and predictions are kept') },
        { additionalProperties: false },
      ),
    ),
    scoringTimeoutMs: Whole(60_000, 'milliseconds for one request', { minimum: 5, maximum: 300_000 }),
    maxConcurrentRequestsPerContainer: Whole(1, 'requests that one replica works on at once'),
    maxQueueWaitMs: Whole(500, 'milliseconds in the queue until a request is refused with 503'),
    livenessProbeRequirements: Type.Optional(
      Type.Object(
        {
          periodSeconds: Whole(10, 'seconds between two probes'),
          initialDelaySeconds: Whole(310, 'seconds until the first probe'),
          timeoutSeconds: Whole(2, 'seconds that a probe may take'),
          successThreshold: Whole(1, 'probes that must succeed'),
          failureThreshold: Whole(3, 'probes that may fail'),
        },
        { additionalProperties: false },
      ),
    ),
    namespace: Type.Optional(
      Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$', description: 'a Kubernetes namespace' }),
    ),
    computeTargetName: Type.Optional(Type.String({ minLength: 1 })),
  },
  { additionalProperties: false },
);

/** `deploymentconfig.json` for one of the targets `local`, `ACI` and `aks`, chosen by `computeType`. */
export const DeploymentConfigSchema = Type.Union([LocalDeploymentSchema, AciDeploymentSchema, AksDeploymentSchema], {
  $id: 'https://edgewright.dev/schemas/deploymentconfig.json',
  title: 'deploymentconfig.json',
});

export type DeploymentConfig = Static<typeof DeploymentConfigSchema>;
