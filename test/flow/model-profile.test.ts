import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkDocument, ModelProfileSchema } from '@edgewright/contract';
import { Workspace } from '@edgewright/workspace';
import Docker from 'dockerode';
import { expect, it, onTestFinished } from 'vitest';
import { makeBaseImage } from '../support/base-image.ts';
import { temporaryFolder } from '../support/engine-fixture.ts';
import { need } from '../support/need.ts';
import { affineOnnx } from '../support/tiny-models.ts';

/** Takes 150 MB when it begins, and answers 400 to what it does not know. */
const script = `
  const kept: Buffer[] = [];
  export function init() { for (let i = 0; i < 15; i += 1) kept.push(Buffer.alloc(10e6, 1)); }
  export function run(input: { data?: number[][] }) { if (input.data === undefined) throw new Error('no data'); return { rows: input.data.length, kept: kept.length }; }`;

it('profiles a model in containers with real limits, recommends, and says where memory was the reason', { timeout: 420_000 }, async (context) => {
  const { socketPath } = await need(context, 'docker');
  const { executable } = await need(context, 'mmdebstrap');
  const folder = await temporaryFolder();
  const place = (name: string): string => path.join(folder, name);
  const baseImage = await makeBaseImage(executable, ['amd64']);
  await writeFile(place('model.onnx'), affineOnnx());
  await writeFile(place('score.ts'), script);
  await writeFile(place('bare.json'), JSON.stringify({ entryScript: 'score.ts' }));
  await writeFile(place('ic.json'), JSON.stringify({ entryScript: 'score.ts', baseImage, nodeRuntime: 'bundled' }));
  await writeFile(place('bodies.jsonl'), '{"data":[[1,2,3]]}\n{"data":[[1,2,3],[4,5,6]]}\n');
  const points: string[] = [];
  await using workspace = await Workspace.open(place('workspace'), {
    events: ({ stage, text }) => {
      if (stage === 'profile.point') points.push(text);
    },
  });
  await workspace.models.register({ name: 'affine', path: place('model.onnx') });
  const input = {
    name: 'affine-profile',
    models: ['affine:1'],
    inferenceConfig: place('ic.json'),
    inputDataset: place('bodies.jsonl'),
  };
  const refusals = [
    [{ ...input, name: 'A' }, 'ServiceNameInvalid', 'cannot be'],
    [{ ...input, inputData: '{}' }, 'ProfileInputInvalid', 'requests are given twice'],
    [{ ...input, cpus: [0] }, 'ProfileInputInvalid', 'cannot try 0 cores'],
    [{ ...input, memories: [1e6] }, 'ProfileInputInvalid', 'cannot try 1000000 GB of memory'],
    [{ ...input, inferenceConfig: place('bare.json') }, 'BaseImageMissing', 'names none'],
  ] as const;
  for (const [wrong, code, text] of refusals) {
    await expect(workspace.profileModel(wrong)).rejects.toMatchObject({ code, message: expect.stringContaining(text) as string });
  }

  const profile = await workspace.profileModel({
    ...input,
    cpus: [1],
    memories: [0.15, 1],
    maxLatencyMs: 30_000,
    measureMs: 300,
    page: place('page.html'),
    resultFile: place('result.json'),
  });
  expect(profile).toMatchObject({ state: 'Succeeded', recommendedCpu: 1, recommendedMemoryInGB: 1, successRate: 100 });
  const [small, large] = profile.points;
  expect(small).toMatchObject({ memoryInGB: 0.15, outcome: 'out of memory' });
  expect(large).toMatchObject({ memoryInGB: 1, outcome: 'fits', failedQueries: 0 });
  expect(large?.queries).toBeGreaterThanOrEqual(10);
  expect(large?.usedMemoryInGB).toBeGreaterThan(0.15);
  expect(points).toHaveLength(2);
  const written: unknown = JSON.parse(await readFile(place('result.json'), 'utf8'));
  expect(checkDocument(ModelProfileSchema, written, 'result.json')).toEqual(profile);
  const page = await readFile(place('page.html'), 'utf8');
  expect(page).toContain('<svg');
  expect(page).toContain('out of memory');
  expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);

  const wrongData = { ...input, inputDataset: undefined, inputData: '{"rows":1}', cpus: [1], memories: [1], measureMs: 100 };
  await expect(workspace.profileModel(wrongData)).rejects.toMatchObject({ code: 'ProfileFailed', message: expect.stringContaining('requests failed') as string });

  // what was recommended is what a service gets, and a failed update does not stand in the way of the next
  const deployment = { name: 'affine-service', models: ['affine:1'], inferenceConfig: place('ic.json') };
  onTestFinished(() => workspace.services.delete('affine-service').catch(() => {}));
  const service = await workspace.services.deploy({
    ...deployment,
    deploymentConfig: { computeType: 'local', container: true },
    profile: place('result.json'),
  });
  expect(service).toMatchObject({ state: 'Healthy', revision: 1, deploymentConfig: { containerResourceRequirements: { cpu: 1, memoryInGB: 1 } } });
  await writeFile(place('score.ts'), `export function init() { throw new Error('no licence'); } export function run() {}`);
  await expect(workspace.services.reload('affine-service')).rejects.toMatchObject({ code: 'DeploymentFailed' });
  await writeFile(place('score.ts'), `export function run() { return 'again'; }`);
  expect(await workspace.services.reload('affine-service')).toMatchObject({ state: 'Healthy', revision: 3, scoringUri: service.scoringUri });
  expect(await workspace.services.run('affine-service', '{}')).toBe('again');
  await workspace.services.delete('affine-service');

  const docker = new Docker({ socketPath });
  expect(await docker.listContainers({ all: true, filters: { label: ['edgewright.service=affine-service'] } })).toEqual([]);
  expect(await docker.listContainers({ all: true, filters: { label: ['edgewright.profile'] } })).toEqual([]);
  expect((await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tag.startsWith('edgewright-profiles/affine'))).toEqual([]);
}); // prettier-ignore
