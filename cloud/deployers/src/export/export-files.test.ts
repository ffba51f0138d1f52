import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { completeDeploymentConfig } from '../config/complete-deployment-config.ts';
import { makeCredentials } from '../credentials/service-credentials.ts';
import { kubernetesObjects } from '../aks/kubernetes-objects.ts';
import type { ServiceSpec } from '../service-spec.ts';
import { exportFiles } from './export-files.ts';
import { exportedRouting } from './exported-routing.ts';

const IMAGE = `registry.example:5000/team/diabetes@sha256:${'1'.repeat(64)}`;

async function specOf(config: Record<string, unknown>): Promise<ServiceSpec> {
  const settings = completeDeploymentConfig({ computeType: 'aks', namespace: 'models', ...config }, 'test');
  const keys = { primaryKey: 'primary-key-0123456789', secondaryKey: 'secondary-key-0123456789' };
  const credentials = await makeCredentials(settings, { keys });
  return { name: 'diabetes', revision: 3, settings, models: ['diabetes:1'], artifact: IMAGE, credentials };
}

const configs: Record<string, unknown>[] = [
  {},
  { numReplicas: 3, authEnabled: false, description: 'braces {{ .Values }} in a text' },
  { exposure: 'ClusterIP', ingress: { host: 'd.example', tlsSecretName: 'tls', className: 'nginx' } },
  { exposure: 'ClusterIP', ingress: { kind: 'Gateway', host: 'd.example', tlsSecretName: 'tls', className: 'envoy' } },
  { exposure: 'ClusterIP', ingress: { gateway: 'infra/front' } },
  { containerResourceRequirements: { cpu: 1, gpu: 1, memoryInGBLimit: 2 } },
];

/** What Helm does with the few constructs that charts of ours have. */
function rendered(template: string, values: Record<string, unknown>): string {
  const valueOf = (path: string): unknown =>
    path
      .slice(1)
      .split('.')
      .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], {
        Values: values,
        Release: { Namespace: 'models', Service: 'edgewright' },
      });
  return template.replaceAll(/\{\{ (.*?) \}\}/g, (whole, expression: string) => {
    if (expression === '"{{"') return '{{';
    if (expression.startsWith('dict ')) return Buffer.from(JSON.stringify(values['keys'])).toString('base64');
    const [, path = '', pipe = ''] = /^(?:toYaml )?(\.[\w.]+)(?: \| (.*))?$/.exec(expression) ?? [];
    const value = valueOf(path);
    if (path === '' || value === undefined) throw new TypeError(`the test cannot render ${whole}`);
    return pipe.startsWith('indent') ? `${' '.repeat(Number(pipe.slice(7)))}${JSON.stringify(value)}` : JSON.stringify(value);
  });
} // prettier-ignore

describe('a Helm chart', () => {
  it.each(configs)('of %j gives the objects that deploying would apply', async (config) => {
    const spec = await specOf(config);
    const files = new Map(exportFiles(spec, 'helm').map(({ path, content }) => [path, content]));
    const secret = (parse(files.get('secret-values.yaml') ?? '{}') ?? {}) as object;
    const values = { ...(parse(files.get('values.yaml') ?? '') as object), ...secret };
    const templates = [...files].filter(([path]) => path.startsWith('templates/'));
    const objects = templates.map(([, content]) => parse(rendered(content, values)) as unknown);
    expect(objects).toEqual(kubernetesObjects(spec, exportedRouting(spec.settings as never)));
    expect(values).toMatchObject({ image: IMAGE });
    const open = [...files].filter(([path]) => path !== 'secret-values.yaml').map(([, content]) => content);
    expect(open.join('')).not.toContain('primary-key');
    expect(parseAllDocuments(files.get('Chart.yaml') ?? '')).toHaveLength(1);
  });

  it('is refused where only a cluster could decide, and for other targets', async () => {
    const open = await specOf({ exposure: 'ClusterIP', ingress: { kind: 'Gateway' } });
    expect(() => exportFiles(open, 'helm')).toThrow('$.ingress.className: it is needed');
    const local = { ...open, settings: completeDeploymentConfig({ computeType: 'local' }, 'test') };
    expect(() => exportFiles(local, 'kustomize')).toThrow('"aks" for --format kustomize');
  });
});

describe('a Kustomize base', () => {
  it.each(configs)('of %j has the same objects, and keys apart', async (config) => {
    const spec = await specOf(config);
    const files = exportFiles(spec, 'kustomize');
    const kustomization = parse(files[0]?.content ?? '') as { resources: string[]; images: unknown };
    const byPath = new Map(files.map(({ path, content }) => [path, content]));
    const objects = kustomization.resources.map((path) => parse(byPath.get(path) ?? '') as unknown);
    const expected = kubernetesObjects(spec, exportedRouting(spec.settings as never));
    expect(objects).toEqual(expected.filter(({ kind }) => kind !== 'Secret'));
    expect(kustomization.images).toEqual([
      { name: 'registry.example:5000/team/diabetes', digest: `sha256:${'1'.repeat(64)}` },
    ]);
    const hasKeys = spec.credentials.keys !== undefined;
    expect(files.filter(({ isSecret }) => isSecret).map(({ path }) => path)).toEqual(
      hasKeys ? ['secrets/keys.json'] : [],
    );
    expect(byPath.has('.gitignore')).toBe(hasKeys);
  });
});
