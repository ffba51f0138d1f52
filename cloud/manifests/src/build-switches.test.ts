import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildDeployment, buildManifest } from './build-manifest.ts';
import type { BuildManifestInput } from './build-manifest.ts';
import { joinCreateOptions } from './create-options.ts';
import { explainManifest } from './explain-manifest.ts';
import { lintManifest } from './lint/lint-manifest.ts';
import type { ModuleSwitches } from './module-switches.ts';
import { newSolution } from './new-solution.ts';
import { pinImages } from './pin-images.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewright-switches-'));
  await newSolution({ folder: path.join(folder, 'plant'), modules: ['scorer'], layered: false });
  await newSolution({ folder: path.join(folder, 'layer'), modules: ['scorer', 'sensor'], layered: true });
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function input(change: Partial<BuildManifestInput> = {}, solution = 'plant'): BuildManifestInput {
  return {
    templatePath: path.join(folder, solution, 'deployment.template.json'),
    variables: {},
    platform: 'amd64',
    images: { scorer: 'registry.example/scorer:1', sensor: 'sensor:2' },
    ...change,
  };
}

async function scorerWith(switches: ModuleSwitches) {
  const { manifest } = await buildManifest(input({ switches: { scorer: switches } }));
  const module = manifest.modulesContent.$edgeAgent['properties.desired'].modules['scorer'];
  const options = JSON.parse(joinCreateOptions(module?.settings ?? {})?.text ?? '') as unknown;
  return { options, env: module?.env, findings: lintManifest(manifest, { source: 'x.json' }) };
}

describe('switches', () => {
  it.each<[string, ModuleSwitches, object, object | undefined]>([
    [
      'gpu',
      { accelerator: 'gpu' },
      { HostConfig: { DeviceRequests: [{ Count: -1, Capabilities: [['gpu']] }] } },
      undefined,
    ],
    [
      'nvidia-runtime',
      { accelerator: 'nvidia-runtime' },
      { HostConfig: { Runtime: 'nvidia' } },
      { NVIDIA_VISIBLE_DEVICES: { value: 'all' } },
    ],
    [
      'fpga',
      { accelerator: 'fpga', devices: ['/dev/xdma0'] },
      {
        HostConfig: {
          Devices: [{ PathOnHost: '/dev/xdma0', PathInContainer: '/dev/xdma0', CgroupPermissions: 'rwm' }],
        },
      },
      undefined,
    ],
    [
      'ase-gpu',
      { accelerator: 'ase-gpu' },
      { 'k8s-experimental': { strategy: 'Recreate' } },
      { NVIDIA_VISIBLE_DEVICES: { value: '0' } },
    ],
    [
      'ase-fpga',
      { accelerator: 'ase-fpga' },
      {
        HostConfig: { Privileged: true, PortBindings: { '50051/tcp': [{ HostPort: '50051' }] } },
        Env: ['WIRESERVER_ADDRESS=10.139.218.1'],
        'k8s-experimental': { resources: { limits: { 'microsoft.com/fpga_catapult': 2 } } },
      },
      undefined,
    ],
    ['memory', { memoryBytes: 536_870_912 }, { HostConfig: { Memory: 536_870_912 } }, undefined],
    [
      'journal',
      { journal: '/journal' },
      { HostConfig: { Mounts: [{ Type: 'volume', Source: 'scorer-journal', Target: '/journal' }] } },
      { EDGEWRIGHT_STATE_DIRECTORY: { value: '/journal' } },
    ],
    [
      'metrics',
      { metricsPort: 9601 },
      { ExposedPorts: { '9601/tcp': {} } },
      { EDGEWRIGHT_METRICS_PORT: { value: '9601' } },
    ],
  ])('%s writes what the runtime wants, and lint agrees', async (_, switches, options, env) => {
    expect(await scorerWith(switches)).toEqual({ options, env, findings: [] });
  });

  it('are refused where they cannot work', async () => {
    await expect(scorerWith({ accelerator: 'fpga' })).rejects.toMatchObject({ code: 'SwitchInvalid' });
    await expect(buildManifest(input({ switches: { nobody: {} } }))).rejects.toThrow('has scorer, edgeAgent, edgeHub');
  });
});

describe('registries', () => {
  it('take their credentials from variables', async () => {
    const variables = { PLANT_USERNAME: 'puller', PLANT_PASSWORD: 'a"b' };
    const { manifest } = await buildManifest(input({ registries: { plant: 'registry.example' }, variables }));
    expect(manifest.modulesContent.$edgeAgent['properties.desired'].runtime.settings?.registryCredentials).toEqual({
      plant: { address: 'registry.example', username: 'puller', password: 'a"b' },
    });
    await expect(buildManifest(input({ registries: { plant: 'registry.example' } }))).rejects.toMatchObject({
      code: 'TemplateVariableMissing',
      details: { missing: ['${PLANT_USERNAME}', '${PLANT_PASSWORD}'] },
    });
  });
});

describe('layers', () => {
  it('are built from templates of their own', async () => {
    const { manifest, outputName } = await buildDeployment(input({}, 'layer'));
    expect(outputName).toBe('deployment.amd64.json');
    expect(manifest).toMatchObject({
      content: {
        modulesContent: { $edgeAgent: { 'properties.desired.modules.sensor': { settings: { image: 'sensor:2' } } } },
      },
    });
    expect(lintManifest(manifest, { source: 'x.json' })).toEqual([]);
    await expect(buildManifest(input({}, 'layer'))).rejects.toMatchObject({ code: 'ManifestInvalid' });
  });
});

describe('pinImages', () => {
  const digest = `sha256:${'a'.repeat(64)}`;

  it('names images by digest, and leaves system modules whose digest nobody knows', async () => {
    const { manifest } = await buildManifest(input());
    const pinned = await pinImages(
      manifest,
      async (image) => await Promise.resolve(image.includes('azureiotedge') ? undefined : digest),
    );
    expect(pinned).toEqual([`registry.example/scorer:1@${digest}`]);
    expect(lintManifest(manifest, { source: 'x.json' })).toEqual([]);
  });

  it('names every image that it cannot pin', async () => {
    const { manifest } = await buildDeployment(input({}, 'layer'));
    await expect(pinImages(manifest, async () => await Promise.resolve(undefined))).rejects.toMatchObject({
      code: 'ImageDigestUnknown',
      details: { images: ['registry.example/scorer:1', 'sensor:2'] },
    });
  });
});

describe('newSolution', () => {
  it('overwrites nothing', async () => {
    const existing = path.join(folder, 'plant');
    await expect(newSolution({ folder: existing, modules: ['x'], layered: false })).rejects.toMatchObject({
      code: 'SolutionExists',
    });
    expect(await readFile(path.join(existing, '.env'), 'utf8')).toContain('SCORER_IMAGE=scorer:1');
  });
});

it('explains a manifest in words', async () => {
  const { manifest } = await buildManifest(
    input({ switches: { scorer: { accelerator: 'gpu', memoryBytes: 2 ** 29 } } }),
  );
  const { kind, modules, routes } = explainManifest(manifest);
  expect(kind).toBe('manifest');
  expect(modules.find(({ name }) => name === 'scorer')?.says).toEqual([
    'starts in place 1',
    'is restarted: always',
    'uses GPUs',
    'has at most 512 MiB of memory',
  ]);
  expect(routes).toEqual([{ name: 'scorerToIoTHub', says: 'takes messages that scorer sends to IoT Hub' }]);
});
