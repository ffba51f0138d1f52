import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { documentIssues, ScorerDesiredSchema } from '@edgewright/contract';
import type { InferenceConfig } from '@edgewright/contract';
import { isSignedBy, readModelKey } from '@edgewright/edge';
import { createKeyPair } from '@edgewright/packager';
import { Workspace } from '@edgewright/workspace';
import type { ImageSummary } from '@edgewright/workspace';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ridgeToOnnx } from '../../examples/diabetes/ridge-onnx.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const weights = { coef: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], intercept: 0.5 };
const config: InferenceConfig = { entryScript: 'score.ts', platforms: ['amd64'], backend: 'wasm' };
const keys = createKeyPair();

let folder: string;
let workspace: Workspace;
let image: ImageSummary;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewright-trust-'));
  await cp(path.join(root, 'examples/diabetes/score.ts'), path.join(folder, 'score.ts'));
  await writeFile(path.join(folder, 'sum.onnx'), ridgeToOnnx(weights));
  workspace = await Workspace.open(path.join(folder, 'workspace'));
  await workspace.models.register({ name: 'sum', path: path.join(folder, 'sum.onnx'), description: 'Adds | up' });
  image = await workspace.images.build({ models: ['sum:1'], inferenceConfig: config, configDirectory: folder });
});

afterAll(async () => {
  await workspace[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** The documents of one kind that belong to the image, found as another tool would. */
async function documentsOf(artifactType: string): Promise<string[]> {
  const { images } = workspace.folders;
  const read = (digest: string): Promise<string> =>
    readFile(path.join(images, 'blobs', digest.replace(':', '/')), 'utf8');
  const index = JSON.parse(await readFile(path.join(images, 'index.json'), 'utf8')) as {
    manifests: { digest: string; artifactType?: string }[];
  };
  const entry = index.manifests.find((one) => one.artifactType === artifactType);
  const manifest = JSON.parse(await read(entry?.digest ?? '')) as {
    subject: { digest: string };
    layers: { digest: string }[];
  };
  expect(manifest.subject.digest).toBe(image.digest);
  return await Promise.all(manifest.layers.map((layer) => read(layer.digest)));
}

describe('what belongs to an image', () => {
  it('is an SBOM with the packages of bundle and runtime, their versions and licences, and the model', async () => {
    const [text = ''] = await documentsOf('application/vnd.cyclonedx+json');
    const sbom = JSON.parse(text) as {
      bomFormat: string;
      specVersion: string;
      components: { name: string; version: string; purl?: string; type: string; licenses?: object[] }[];
    };
    expect(sbom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' });
    const lock = JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { version: string }>;
    };
    for (const name of ['fastify', 'onnxruntime-web', 'pino']) {
      const version = lock.packages[`node_modules/${name}`]?.version;
      const component = sbom.components.find((one) => one.name === name);
      expect(component).toMatchObject({ type: 'library', version, purl: `pkg:npm/${name}@${version}` });
      expect(component?.licenses).toHaveLength(1);
    }
    expect(sbom.components.find((one) => one.type === 'machine-learning-model')).toMatchObject({
      name: 'sum',
      version: '1',
      components: [{ name: 'sum.onnx', hashes: [{ alg: 'SHA-256' }] }],
    });
    const urls = sbom.components.flatMap((one) => one.purl ?? []);
    expect(new Set(urls).size).toBe(urls.length);
  });

  it('is its provenance, without secrets', async () => {
    const [text = ''] = await documentsOf('application/vnd.in-toto+json');
    expect(JSON.parse(text)).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'sum:1', digest: { sha256: image.digest.slice(7) } }],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: { buildDefinition: { externalParameters: { models: ['sum:1'], inferenceConfig: config } } },
    });
  });

  it('is a card of the model, and the licences', async () => {
    const [card = ''] = await documentsOf('application/vnd.edgewright.model-card.v1+markdown');
    expect(card).toContain('# sum:1\n\nAdds | up\n');
    expect(card).toContain('| features | FP32[-1,10] |');
    const [licenses = ''] = await documentsOf('application/vnd.edgewright.licenses.v1+text');
    expect(licenses).toMatch(/^fastify \d+\.\d+\.\d+: MIT$/m);
  });
});

describe('verify', () => {
  it('builds the image again, with the same outcome, and checks its signature', async () => {
    await workspace.images.sign({ image: 'sum:1', privateKey: keys.privateKey });
    const verified = await workspace.images.verify({
      image: 'sum:1',
      publicKey: keys.publicKey,
      rebuild: { inferenceConfig: config, configDirectory: folder },
    });
    expect(verified).toMatchObject({ digest: image.digest, rebuilt: true });
  });

  it('signs a model as the device asks for it that gets the file over the air', async () => {
    const { files } = await workspace.images.sign({ image: 'sum:1', privateKey: keys.privateKey });
    const sha256 = createHash('sha256').update(ridgeToOnnx(weights)).digest('hex');
    expect(files).toEqual([{ path: 'sum/1/sum.onnx', sha256, signature: expect.any(String) as string }]);
    const { signature = '' } = files[0] ?? {};
    const url = 'https://account.blob.core.windows.net/models/sum.onnx';
    expect(documentIssues(ScorerDesiredSchema, { model: { version: 1, url, sha256, signature } })).toEqual([]);
    const key = readModelKey(keys.publicKey);
    const isTaken = (digest: string): boolean => key !== undefined && isSignedBy(key, digest, signature);
    expect(isTaken(sha256)).toBe(true);
    expect(isTaken(createHash('sha256').update('another').digest('hex'))).toBe(false);
  });

  it('says what differs', async () => {
    const rebuild = { inferenceConfig: { ...config, description: 'another' }, configDirectory: folder };
    await expect(workspace.images.verify({ image: 'sum:1', rebuild })).rejects.toMatchObject({
      code: 'ImageNotVerified',
      message: expect.stringContaining('the app layer of amd64 is another one') as string,
    });
  });
});
