import type { KubernetesManifest } from '../aks/kubernetes-manifest.ts';
import { yamlOf } from './yaml-of.ts';

/** Places of objects that Helm fills in: the kind (`*` for all), the path, and what stands there. */
const PLACES: readonly (readonly [kind: string, path: string, expression: string])[] = [
  ['*', 'metadata/namespace', '.Release.Namespace'],
  ['*', 'metadata/labels/app.kubernetes.io/managed-by', '.Release.Service'],
  ['Deployment', 'spec/template/metadata/labels/app.kubernetes.io/managed-by', '.Release.Service'],
  ['Deployment', 'spec/replicas', '.Values.replicas'],
  ['Deployment', 'spec/template/spec/containers/0/image', '.Values.image | quote'],
  ['Deployment', 'spec/template/spec/containers/0/resources', 'toYaml .Values.resources'],
  ['HorizontalPodAutoscaler', 'spec/minReplicas', '.Values.autoscaling.minReplicas'],
  ['HorizontalPodAutoscaler', 'spec/maxReplicas', '.Values.autoscaling.maxReplicas'],
  [
    'HorizontalPodAutoscaler',
    'spec/metrics/0/resource/target/averageUtilization',
    '.Values.autoscaling.targetUtilization',
  ],
  ['Ingress', 'spec/rules/0/host', '.Values.host | quote'],
  ['Ingress', 'spec/tls/0/hosts/0', '.Values.host | quote'],
  ['Ingress', 'spec/tls/0/secretName', '.Values.tlsSecretName | quote'],
  ['Gateway', 'spec/listeners/0/hostname', '.Values.host | quote'],
  ['Gateway', 'spec/listeners/0/tls/certificateRefs/0/name', '.Values.tlsSecretName | quote'],
  ['HTTPRoute', 'spec/hostnames/0', '.Values.host | quote'],
  ['Secret', 'data/keys.json', keysExpression()],
];

/** An object as a template of Helm. */
export function helmTemplate(object: KubernetesManifest): string {
  const own = object.metadata.namespace;
  const expressions: string[] = [];
  const placed = replaced('', object, (path, value) => {
    const place = PLACES.find(([kind, at]) => (kind === '*' || kind === object.kind) && at === path);
    // the Gateway of the service stands beside it
    const beside = path === 'spec/parentRefs/0/namespace' && value === own ? '.Release.Namespace' : undefined;
    const expression = place?.[2] ?? beside;
    if (expression === undefined) return undefined;
    expressions.push(expression);
    return `helm-place-${expressions.length - 1}`;
  });
  return (
    yamlOf(placed)
      // braces of names and texts are not Helm's
      .replaceAll('{{', '{{ "{{" }}')
      .replaceAll(/^( *)(.*?)helm-place-(\d+)$/gm, (_, indent: string, before: string, index: string) => {
        const expression = expressions[Number(index)] ?? '';
        if (!expression.startsWith('toYaml')) return `${indent}${before}{{ ${expression} }}`;
        return `${indent}${before.trimEnd()}\n{{ ${expression} | indent ${indent.length + 2} }}`;
      })
  );
}

function replaced(
  path: string,
  value: unknown,
  replace: (path: string, value: unknown) => string | undefined,
): unknown {
  const place = replace(path, value);
  if (place !== undefined) return place;
  const at = (key: string | number): string => (path === '' ? String(key) : `${path}/${key}`);
  if (Array.isArray(value)) return value.map((item, index) => replaced(at(index), item, replace));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(at(key), item, replace)]));
}

function keysExpression(): string {
  const key = (name: string): string => `"${name}" (required "keys.${name} is needed" .Values.keys.${name})`;
  return `dict ${key('primaryKey')} ${key('secondaryKey')} | toJson | b64enc`;
}
