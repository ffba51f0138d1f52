import type { KubernetesManifest } from '../aks/kubernetes-manifest.ts';
import { yamlOf } from './yaml-of.ts';
import type { ExportedFile, ExportInput } from './exported-file.ts';
import { helmTemplate } from './helm-template.ts';

const CHART_VERSION = '0.1.0';

/** A Helm chart: the objects as templates, with values for what differs from place to place. */
export function helmFiles(input: ExportInput): ExportedFile[] {
  const { spec, settings, objects } = input;
  const keys = spec.credentials.keys;
  const chart = {
    apiVersion: 'v2',
    name: spec.name,
    description: settings.description ?? `The service ${spec.name}, made by edgewright`,
    type: 'application',
    version: CHART_VERSION,
    appVersion: String(spec.revision),
  };
  const file = (path: string, content: string, isSecret = false): ExportedFile => ({ path, content, isSecret });
  return [
    file('Chart.yaml', yamlOf(chart)),
    file('values.yaml', valuesText(input)),
    file('.helmignore', 'secret-values.yaml\n.gitignore\n'),
    ...objects.map((object) => file(`templates/${object.kind.toLowerCase()}.yaml`, helmTemplate(object))),
    ...(keys === undefined
      ? []
      : [file('.gitignore', 'secret-values.yaml\n'), file('secret-values.yaml', yamlOf({ keys }), true)]),
  ];
}

function valuesText({ spec, settings, objects }: ExportInput): string {
  const { autoScaler, ingress } = settings;
  const values = {
    image: spec.artifact,
    ...(autoScaler === undefined
      ? { replicas: settings.numReplicas ?? 1 }
      : {
          autoscaling: {
            minReplicas: autoScaler.minReplicas,
            maxReplicas: autoScaler.maxReplicas,
            targetUtilization: autoScaler.targetUtilization,
          },
        }),
    resources: resourcesOf(objects),
    ...(ingress?.host === undefined ? {} : { host: ingress.host }),
    ...(ingress?.tlsSecretName === undefined ? {} : { tlsSecretName: ingress.tlsSecretName }),
    ...(spec.credentials.keys === undefined ? {} : { keys: { primaryKey: '', secondaryKey: '' } }),
  };
  const note = spec.credentials.keys === undefined ? '' : '# keys stand in secret-values.yaml: helm install … -f secret-values.yaml\n'; // prettier-ignore
  return note + yamlOf(values);
}

function resourcesOf(objects: readonly KubernetesManifest[]): unknown {
  const spec = objects.find(({ kind }) => kind === 'Deployment')?.['spec'];
  const template = spec as { template: { spec: { containers: [{ resources: unknown }] } } } | undefined;
  return template?.template.spec.containers[0].resources;
}
