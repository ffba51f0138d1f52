import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ProgressEvent } from '@edgewright/contract';
import { Workspace } from '@edgewright/workspace';
import type { PackagedImage } from '@edgewright/workspace';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ridgeToOnnx } from '../../examples/diabetes/ridge-onnx.ts';
import { need } from '../support/need.ts';
import { TestRegistry } from '../support/test-registry.ts';

const weights = { coef: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], intercept: 0.5 };
const events: ProgressEvent[] = [];
let folder: string;
let registry: TestRegistry;
let workspace: Workspace;
let packaged: PackagedImage;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewright-package-'));
  registry = await TestRegistry.start();
  await writeFile(path.join(folder, 'sum.onnx'), ridgeToOnnx(weights));
  workspace = await Workspace.open(path.join(folder, 'workspace'), { events: (event) => events.push(event) });
  packaged = await workspace.packageModel({
    register: { name: 'sum', path: path.join(folder, 'sum.onnx') },
    inferenceConfig: { platforms: ['arm32v7', 'amd64'], backend: 'wasm' },
    tag: `${registry.host}/plant/sum:1`,
    push: `${registry.host}/plant/sum:1`,
    contextDirectory: path.join(folder, 'context'),
  });
});

afterAll(async () => {
  await workspace[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe('packageModel', () => {
  it('registers, builds and pushes, and tells each stage with its time', () => {
    expect(packaged.stages.map((stage) => stage.name)).toEqual(['register', 'build', 'context', 'push']);
    expect(packaged.stages[0]?.result).toBe('sum:1');
    const told = events.filter((event) => event.stage.startsWith('package.'));
    expect(told.map((event) => [event.stage, event.state])).toEqual(
      packaged.stages.map((stage) => [`package.${stage.name}`, 'done']),
    );
    expect(registry.manifests.get('plant/sum')?.has('1')).toBe(true);
  });

  it('says which stage failed', async () => {
    events.length = 0;
    const failing = workspace.packageModel({ models: ['sum:1'], inferenceConfig: { baseImage: 'oci:nowhere' } });
    await expect(failing).rejects.toMatchObject({ code: 'BaseImageInvalid' });
    expect(events.at(-1)).toMatchObject({ stage: 'package.build', state: 'failed' });
  });

  it('writes a Docker context, from which an engine builds an image that starts in the same way', async (context) => {
    const read = (file: string): Promise<string> => readFile(path.join(folder, 'context', file), 'utf8');
    const plain = await read('Dockerfile');
    expect(plain).toContain('FROM scratch\n');
    expect(plain.match(/^ADD layers\/\d\d-(?:runtime|scorer|model|app)\.tar/gm)).toHaveLength(4);
    expect(await read('Dockerfile.arm32v7')).toContain('FROM --platform=linux/arm/v7 scratch\n');
    expect(JSON.parse(await read('module.json'))).toMatchObject({
      image: {
        repository: `${registry.host}/plant/sum`,
        tag: { version: '1', platforms: { amd64: './Dockerfile.amd64', arm32v7: './Dockerfile.arm32v7' } },
      },
    });
    const { socketPath } = await need(context, 'docker');
    const docker = new Docker({ socketPath });
    const name = `edgewright-context-${Date.now()}`;
    const src = [...(packaged.context?.files ?? [])];
    // as iotedgedev builds it, by the Dockerfile of one platform
    const dockerfile = 'Dockerfile.amd64';
    const building = await docker.buildImage({ context: path.join(folder, 'context'), src }, { t: name, dockerfile });
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(building, (error) => (error === null ? resolve() : reject(error)));
    });
    const built = (await docker.getImage(name).inspect()).Config;
    await docker.getImage(name).remove();
    const { configs } = await workspace.images.show(packaged.image.reference);
    const { User, Entrypoint, WorkingDir, Env, ExposedPorts, Labels } = configs[0]?.config.config ?? {};
    expect(built).toMatchObject({ User, Entrypoint, WorkingDir, ExposedPorts, Labels });
    expect([...built.Env].toSorted()).toEqual([...(Env ?? [])].toSorted());
  });
});
