import { publicKeys } from '../credentials/service-credentials.ts';
import type { AksSettings } from '../config/complete-deployment-config.ts';
import { collectionSecretFiles, readCollectionSecrets } from '../collection-environment.ts';
import { serviceEnvironment } from '../service-environment.ts';
import type { ServiceSpec } from '../service-spec.ts';
import { GPU_TOLERATIONS, resourcesOf } from './container-resources.ts';
import type { KubernetesManifest } from './kubernetes-manifest.ts';
import { routeObjects } from './route-objects.ts';
import { GATEWAY_API } from './routing.ts';
import type { Routing } from './routing.ts';

export const REVISION_ANNOTATION = 'edgewright.dev/revision';
export const CONTAINER = 'scorer';
/** Which endpoint a version belongs to, and which of its versions it is. */
export const ENDPOINT_LABEL = 'edgewright.dev/endpoint';
const VERSION_LABEL = 'edgewright.dev/version';

const PORT = 5001;
const KEYS_FOLDER = '/var/run/edgewright';
/** Until every router of the cluster has heard that a pod goes. */
const DRAIN_SECONDS = 5;
const GRACE_SECONDS = 30;
const SCALE_DOWN_SECONDS = 60;
const PROGRESS_DEADLINE_SECONDS = 600;

/**
 * Everything that a service is on Kubernetes, in the order in which it is to be applied.
 *
 * @param routing how requests from outside come to it; of a version of an endpoint the endpoint says that
 */
export function kubernetesObjects(spec: ServiceSpec, routing: Routing): KubernetesManifest[] {
  const settings = spec.settings as AksSettings;
  const secret = secretOf(spec, settings);
  return [
    ...(secret === undefined ? [] : [secret]),
    deploymentOf(spec, settings, secret !== undefined),
    serviceOf(spec, settings),
    ...(settings.autoScaler === undefined ? [] : [autoscalerOf(spec, settings.autoScaler)]),
    disruptionBudgetOf(spec),
    ...(spec.endpoint === undefined ? routesOf(spec, settings, routing) : []),
  ];
}

/** What a service could have been, whatever its settings are now: for removing what is not wanted any more. */
export function possibleObjects(spec: ServiceSpec): KubernetesManifest[] {
  const kinds = [
    ...POSSIBLE_ROUTES,
    ['autoscaling/v2', 'HorizontalPodAutoscaler'],
    ['policy/v1', 'PodDisruptionBudget'],
    ['v1', 'Service'],
    ['apps/v1', 'Deployment'],
    ['v1', 'Secret'],
  ] as const;
  return kinds.map(([apiVersion, kind]) => ({ apiVersion, kind, metadata: metadataOf(spec) }));
}

/** The kinds of what brings requests from outside to a service or an endpoint. */
export const POSSIBLE_ROUTES = [
  [GATEWAY_API, 'HTTPRoute'],
  [GATEWAY_API, 'Gateway'],
  ['networking.k8s.io/v1', 'Ingress'],
] as const;

/** Selects the pods of a service. */
export function selectorOf({ name }: ServiceSpec): Record<string, string> {
  return { 'app.kubernetes.io/name': 'edgewright-service', 'app.kubernetes.io/instance': name };
}

/** Name, namespace and labels of all objects of a service. */
export function metadataOf(spec: ServiceSpec): KubernetesManifest['metadata'] {
  const { namespace } = spec.settings as AksSettings;
  const { endpoint } = spec;
  const part = endpoint === undefined ? {} : { [ENDPOINT_LABEL]: endpoint.name, [VERSION_LABEL]: endpoint.version };
  const labels = { ...selectorOf(spec), ...part, 'app.kubernetes.io/managed-by': 'edgewright' };
  return { name: spec.name, namespace, labels };
}

function routesOf(spec: ServiceSpec, settings: AksSettings, routing: Routing): KubernetesManifest[] {
  return routeObjects({
    metadata: metadataOf(spec),
    settings,
    routing,
    backends: [{ service: spec.name, percent: 100 }],
  });
}

function secretOf(spec: ServiceSpec, settings: AksSettings): KubernetesManifest | undefined {
  const { keys, signingKey, appInsights } = spec.credentials;
  const stringData = {
    ...(settings.authEnabled && keys !== undefined ? { 'keys.json': JSON.stringify(keys) } : {}),
    ...(signingKey === undefined ? {} : { 'jwks.json': publicKeys(signingKey) }),
    ...(appInsights === undefined ? {} : { 'app-insights': appInsights }),
    ...readCollectionSecrets(settings),
  };
  if (Object.keys(stringData).length === 0) return undefined;
  const data = Object.fromEntries(
    Object.entries(stringData).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
  );
  return { apiVersion: 'v1', kind: 'Secret', metadata: metadataOf(spec), type: 'Opaque', data };
}

function deploymentOf(spec: ServiceSpec, settings: AksSettings, hasSecret: boolean): KubernetesManifest {
  const metadata = metadataOf(spec);
  const annotations = { [REVISION_ANNOTATION]: String(spec.revision) };
  const { gpu = 0 } = settings.containerResourceRequirements;
  const pullSecret = settings.imagePullSecretName;
  const volumes = [
    { name: 'tmp', emptyDir: {} },
    ...(hasSecret ? [{ name: 'credentials', secret: { secretName: spec.name } }] : []),
  ];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...metadata, annotations },
    spec: {
      // with an autoscaler the number of replicas is its own
      ...(settings.autoScaler === undefined ? { replicas: settings.numReplicas ?? 1 } : {}),
      revisionHistoryLimit: 5,
      progressDeadlineSeconds: PROGRESS_DEADLINE_SECONDS,
      selector: { matchLabels: selectorOf(spec) },
      // Azure had maxUnavailable 1, which is a downtime for a service of one replica
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels: metadata['labels'], annotations },
        spec: {
          terminationGracePeriodSeconds: GRACE_SECONDS,
          automountServiceAccountToken: false,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 1000,
            fsGroup: 1000,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          ...(gpu === 0 ? {} : { tolerations: GPU_TOLERATIONS }),
          ...(pullSecret === undefined ? {} : { imagePullSecrets: [{ name: pullSecret }] }),
          containers: [containerOf(spec, settings, hasSecret)],
          volumes,
        },
      },
    },
  };
}

function containerOf(spec: ServiceSpec, settings: AksSettings, hasSecret: boolean): Record<string, unknown> {
  const { livenessProbeRequirements: liveness } = settings;
  const health = { httpGet: { path: '/', port: 'http' } };
  const variables = {
    ...serviceEnvironment(spec, {
      keysFile: `${KEYS_FOLDER}/keys.json`,
      jwksFile: `${KEYS_FOLDER}/jwks.json`,
      appInsightsFile: `${KEYS_FOLDER}/app-insights`,
      // a Secret has each under its name
      collection: Object.fromEntries(
        Object.keys(collectionSecretFiles(settings)).map((name) => [name, `${KEYS_FOLDER}/${name}`]),
      ),
    }),
    EDGEWRIGHT_DRAIN_SECONDS: String(DRAIN_SECONDS),
    PORT: String(PORT),
  };
  return {
    name: CONTAINER,
    image: spec.artifact,
    ports: [{ name: 'http', containerPort: PORT }],
    env: Object.entries(variables).map(([name, value]) => ({ name, value })),
    resources: resourcesOf(settings.containerResourceRequirements),
    readinessProbe: { ...health, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 3 },
    livenessProbe: { ...health, ...liveness },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      ...(hasSecret ? [{ name: 'credentials', mountPath: KEYS_FOLDER, readOnly: true }] : []),
    ],
  };
}

function serviceOf(spec: ServiceSpec, { exposure }: AksSettings): KubernetesManifest {
  return plainService(metadataOf(spec), { exposure, selector: selectorOf(spec) });
}

/** A Service that sends port 80 to the scorers that a selector finds. */
export function plainService(
  metadata: KubernetesManifest['metadata'],
  { exposure, selector }: { exposure: AksSettings['exposure']; selector: Record<string, string> },
): KubernetesManifest {
  const isInternal = exposure === 'InternalLoadBalancer';
  const annotations = { 'service.beta.kubernetes.io/azure-load-balancer-internal': 'true' };
  const ports = [{ name: 'http', port: 80, targetPort: 'http' }];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: isInternal ? { ...metadata, annotations } : metadata,
    spec: { type: isInternal ? 'LoadBalancer' : exposure, selector, ports },
  };
}

/** Azure counted busy replicas; a Kubernetes without further parts knows processors, which is what scoring is busy with. */
function autoscalerOf(spec: ServiceSpec, scaler: NonNullable<AksSettings['autoScaler']>): KubernetesManifest {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: metadataOf(spec),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: spec.name },
      minReplicas: scaler.minReplicas,
      maxReplicas: scaler.maxReplicas,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: scaler.targetUtilization } },
        },
      ],
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 0,
          policies: [{ type: 'Percent', value: 100, periodSeconds: Math.min(scaler.refreshPeriodInSeconds, 1800) }],
        },
        scaleDown: {
          stabilizationWindowSeconds: SCALE_DOWN_SECONDS,
          policies: [{ type: 'Pods', value: 1, periodSeconds: SCALE_DOWN_SECONDS }],
        },
      },
    },
  };
}

/** A node is drained one replica at a time; a service of one replica does not keep its node for ever. */
function disruptionBudgetOf(spec: ServiceSpec): KubernetesManifest {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadataOf(spec),
    spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(spec) } },
  };
}
