import type { KubernetesManifest } from '../aks/kubernetes-manifest.ts';
import type { ExportedFile, ExportInput } from './exported-file.ts';
import { yamlOf } from './yaml-of.ts';

/** A Kustomize base: the objects as they are, the image and the number of replicas where overlays change them, Secrets from files. */
export function kustomizeFiles({ spec, settings, objects }: ExportInput): ExportedFile[] {
  const file = (path: string, content: string, isSecret = false): ExportedFile => ({ path, content, isSecret });
  const plain = objects.filter(({ kind }) => kind !== 'Secret');
  const secret = objects.find(({ kind }) => kind === 'Secret');
  const texts = secret === undefined ? [] : secretTexts(secret);
  const labels = secret?.metadata['labels'];
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    namespace: settings.namespace,
    resources: plain.map(({ kind }) => `${kind.toLowerCase()}.yaml`),
    images: [imageOf(spec.artifact)],
    ...(settings.autoScaler === undefined ? { replicas: [{ name: spec.name, count: settings.numReplicas ?? 1 }] } : {}),
    ...(texts.length === 0
      ? {}
      : {
          secretGenerator: [
            {
              name: spec.name,
              files: texts.map(([name]) => `${name}=secrets/${name}`),
              // the service reads its keys anew by itself: a new name would start all pods again
              options: { disableNameSuffixHash: true, labels },
            },
          ],
        }),
  };
  return [
    file('kustomization.yaml', yamlOf(kustomization)),
    ...plain.map((object) => file(`${object.kind.toLowerCase()}.yaml`, yamlOf(object))),
    ...(texts.length === 0 ? [] : [file('.gitignore', 'secrets/\n')]),
    ...texts.map(([name, text]) => file(`secrets/${name}`, text, true)),
  ];
}

function secretTexts(object: KubernetesManifest): [string, string][] {
  const data = (object['data'] ?? {}) as Record<string, string>;
  return Object.entries(data).map(([name, text]) => [name, Buffer.from(text, 'base64').toString('utf8')]);
}

/** An image as Kustomize names it: the repository, and the tag or digest beside it. */
function imageOf(reference: string): Record<string, string> {
  const [repository = '', digest] = reference.split('@');
  const tag = /:([^:/]+)$/.exec(repository)?.[1];
  const name = tag === undefined ? repository : repository.slice(0, -tag.length - 1);
  return { name, ...(digest === undefined ? (tag === undefined ? {} : { newTag: tag }) : { digest }) };
}
