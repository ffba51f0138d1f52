import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkDocument, compileRoute, DeploymentManifestSchema } from '@edgewright/contract';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildManifest } from './build-manifest.ts';
import type { BuildManifestInput, BuiltManifest } from './build-manifest.ts';

const SCORER_TEMPLATE = fileURLToPath(new URL('../../../deployment-manifests/scorer.template.json', import.meta.url));

/** A template with what a test wants in its user modules; `top` goes beside `modulesContent`. */
function templateText(
  modules: Readonly<Record<string, unknown>>,
  top: object = { '$schema-template': '4.0.0' },
): string {
  const docker = { type: 'docker', status: 'running', restartPolicy: 'always' };
  return JSON.stringify({
    ...top,
    modulesContent: {
      $edgeAgent: {
        'properties.desired': {
          schemaVersion: '1.1',
          runtime: { type: 'docker', settings: { registryCredentials: {} } },
          systemModules: {
            edgeAgent: { type: 'docker', settings: { image: 'agent:1.5', createOptions: {} } },
            edgeHub: {
              ...docker,
              settings: { image: 'hub:1.5', createOptions: { HostConfig: { Privileged: false } } },
            },
          },
          modules: Object.fromEntries(
            Object.entries(modules).map(([name, settings]) => [name, { ...docker, settings }]),
          ),
        },
      },
      $edgeHub: {
        'properties.desired': {
          schemaVersion: '1.1',
          routes: {},
          storeAndForwardConfiguration: { timeToLiveSecs: 7200 },
        },
      },
    },
  });
}

/** Writes files into a folder of the test's own and builds `deployment.template.json` in it, or another one. */
async function build(
  files: Readonly<Record<string, string>>,
  input: Partial<BuildManifestInput> = {},
): Promise<BuiltManifest> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-manifest-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  return await buildManifest({
    templatePath: path.join(folder, Object.keys(files)[0] ?? ''),
    variables: {},
    platform: 'amd64',
    images: {},
    ...input,
  });
}

function settingsOf({ manifest }: BuiltManifest, module: string): Record<string, unknown> | undefined {
  const { modules, systemModules } = manifest.modulesContent.$edgeAgent['properties.desired'];
  return { ...modules, ...systemModules }[module]?.settings;
}

const MODULE_JSON = JSON.stringify({
  '$schema-version': '0.0.1',
  image: {
    repository: '${REGISTRY}/Filter',
    tag: { version: '0.0.2', platforms: { amd64: './Dockerfile.amd64', 'amd64.debug': './d', arm32v7: './a' } },
  },
  language: 'csharp',
});

describe('buildManifest', () => {
  it('builds the template of this repository', async () => {
    const { manifest, outputName } = await buildManifest({
      templatePath: SCORER_TEMPLATE,
      variables: {},
      platform: 'arm64v8',
      images: { scorer: 'diabetes-scorer:1' },
    });
    expect(outputName).toBe('scorer.arm64v8.json');
    const { modules, systemModules } = manifest.modulesContent.$edgeAgent['properties.desired'];
    expect(modules['scorer']?.settings).toEqual({ image: 'diabetes-scorer:1', createOptions: '{}' });
    expect(systemModules.edgeAgent.settings.image).toBe('mcr.microsoft.com/azureiotedge-agent:1.5');
    expect(systemModules.edgeHub.settings.image).toBe('mcr.microsoft.com/azureiotedge-hub:1.5');
    const { routes } = manifest.modulesContent.$edgeHub['properties.desired'];
    expect(
      Object.values(routes).map((route) => compileRoute(typeof route === 'string' ? route : route.route).sink),
    ).toEqual([
      { kind: 'module', module: 'scorer', input: 'amlInput', path: '/modules/scorer/inputs/amlInput' },
      { kind: 'upstream' },
    ]);
    expect(checkDocument(DeploymentManifestSchema, manifest, 'the result')).toBe(manifest);
  });

  it('takes other runtime images from variables', async () => {
    const build = async (variables: Record<string, string>) =>
      await buildManifest({ templatePath: SCORER_TEMPLATE, variables, platform: 'amd64', images: { scorer: 's:1' } });
    expect(settingsOf(await build({ EDGE_RUNTIME_VERSION: '1.6' }), 'edgeHub')).toMatchObject({
      image: 'mcr.microsoft.com/azureiotedge-hub:1.6',
    });
    expect(settingsOf(await build({ EDGEHUB_IMAGE: 'mirror/hub:x' }), 'edgeHub')).toMatchObject({
      image: 'mirror/hub:x',
    });
  });

  it('fills in variables and cuts createOptions of user and system modules', async () => {
    const long = { Env: [`A=${'x'.repeat(600)}`] };
    const built = await build(
      { 'deployment.template.json': templateText({ a: { image: '${REGISTRY}/a:$TAG', createOptions: long } }) },
      { variables: { REGISTRY: 'r.example', TAG: '7' } },
    );
    expect(settingsOf(built, 'a')).toMatchObject({ image: 'r.example/a:7' });
    const { createOptions, createOptions01 } = settingsOf(built, 'a') ?? {};
    expect(createOptions).toHaveLength(512);
    expect(JSON.parse(`${String(createOptions)}${String(createOptions01)}`)).toEqual(long);
    expect(settingsOf(built, 'edgeHub')?.['createOptions']).toBe('{"HostConfig":{"Privileged":false}}');
    expect(settingsOf(built, 'edgeAgent')?.['createOptions']).toBe('{}');
    expect(built.manifest).not.toHaveProperty('$schema-template');
  });

  it.each([
    ['${MODULES.filter}', 'r.example/filter:0.0.2-amd64'],
    ['${MODULES.filter.debug}', 'r.example/filter:0.0.2-amd64.debug'],
    ['${MODULES.filter.arm32v7}', 'r.example/filter:0.0.2-arm32v7'],
    ['${MODULES.filter.amd64.debug}', 'r.example/filter:0.0.2-amd64.debug'],
    ['${MODULEDIR<./modules/filter>}', 'r.example/filter:0.0.2-amd64'],
    ['${MODULEDIR<modules/../modules/filter>.debug}', 'r.example/filter:0.0.2-amd64.debug'],
  ])('finds the image of %s in the module.json of the solution', async (image, expected) => {
    const built = await build(
      { 'deployment.template.json': templateText({ f: { image } }), 'modules/filter/module.json': MODULE_JSON },
      { variables: { REGISTRY: 'r.example' } },
    );
    expect(settingsOf(built, 'f')).toEqual({ image: expected });
  });

  it('adds CONTAINER_TAG to the version, and looks in MODULES_PATH', async () => {
    const built = await build(
      {
        'deployment.template.json': templateText({ f: { image: '${MODULES.filter}' } }),
        'mods/filter/module.json': MODULE_JSON,
      },
      { variables: { REGISTRY: 'r', CONTAINER_TAG: 'ci7', MODULES_PATH: 'mods' } },
    );
    expect(settingsOf(built, 'f')).toEqual({ image: 'r/filter:0.0.2-ci7-amd64' });
  });

  it('takes images that are given before all others', async () => {
    const files = {
      'deployment.template.json': templateText({
        f: { image: '${MODULES.filter.debug}' },
        g: { image: '${MODULES.my-g}' },
      }),
      'modules/filter/module.json': MODULE_JSON,
    };
    const built = await build(files, {
      variables: { REGISTRY: 'r', MY_G_IMAGE: 'from/variable:1' },
      images: { filter: 'plain:1', 'filter.debug': 'debug:1' },
    });
    expect(settingsOf(built, 'f')).toEqual({ image: 'debug:1' });
    expect(settingsOf(built, 'g')).toEqual({ image: 'from/variable:1' });
  });

  it('names everything that has no value', async () => {
    const text = templateText({
      a: { image: '${MODULES.nowhere}', createOptions: { Env: ['X=${UNKNOWN}'] } },
      b: { image: '${MODULES.filter.arm64v8}' },
      c: { image: '${MODULES.filter}' },
    });
    const built = build({ 'deployment.template.json': text, 'modules/filter/module.json': MODULE_JSON });
    await expect(built).rejects.toMatchObject({
      code: 'TemplateVariableMissing',
      exitCode: 2,
      details: { missing: ['${UNKNOWN}', '${MODULES.nowhere}', '${REGISTRY}'] },
    });
    await expect(built).rejects.toThrow('${UNKNOWN}, ${MODULES.nowhere}, ${REGISTRY}');
  });

  it.each([
    ['deployment.template.json', '4.0.0', 'deployment.arm32v7.json'],
    ['deployment.debug.template.json', '1.0.0', 'deployment.debug.arm32v7.json'],
    ['scorer.template.json', '0.0.1', 'scorer.json'],
    ['old.json', undefined, 'old.json'],
    ['line', '2.0.0', 'deployment.arm32v7.json'],
  ])('calls what comes of %s in version %s %s', async (name, version, expected) => {
    const top = version === undefined ? {} : { '$schema-template': version };
    const built = await build({ [name]: templateText({}, top) }, { platform: 'arm32v7' });
    expect(built.outputName).toBe(expected);
  });

  it('obeys DEPLOYMENT_CONFIG_FILE', async () => {
    const built = await build(
      { 'a.template.json': templateText({}) },
      { variables: { DEPLOYMENT_CONFIG_FILE: 'x.json' } },
    );
    expect(built.outputName).toBe('x.json');
  });

  it('takes the name that manifests began with', async () => {
    const text = templateText({}).replace('"modulesContent"', '"moduleContent"');
    expect(Object.keys((await build({ 'deployment.template.json': text })).manifest)).toEqual(['modulesContent']);
  });

  it.each([
    [{ a: { image: 'a:1', createOptions: 'x'.repeat(512 * 8 + 1) } }, 'CreateOptionsTooLong'],
    [{ 'a b': { image: 'a:1' } }, 'ManifestInvalid'],
    [{ a: { image: 7 } }, 'ManifestInvalid'],
  ])('refuses %j with %s', async (modules, code) => {
    await expect(build({ 'deployment.template.json': templateText(modules) })).rejects.toMatchObject({ code });
  });

  it('takes createOptions of eight pieces', async () => {
    const text = templateText({ a: { image: 'a:1', createOptions: 'x'.repeat(512 * 8) } });
    const names = Object.keys(settingsOf(await build({ 'deployment.template.json': text }), 'a') ?? {});
    expect(names.at(-1)).toBe('createOptions07');
  });

  it.each([
    ['no JSON', '{"a": }', 'InvalidJson'],
    ['no object', '[]', 'ManifestInvalid'],
    ['null', 'null', 'ManifestInvalid'],
    ['nothing in it', '{}', 'ManifestInvalid'],
  ])('refuses a template that is %s', async (_, text, code) => {
    await expect(build({ 'deployment.template.json': text })).rejects.toMatchObject({ code, exitCode: 2 });
  });

  it('refuses a template that is not there, and a module.json that is none', async () => {
    const input = { variables: {}, platform: 'amd64', images: {} } as const;
    await expect(buildManifest({ ...input, templatePath: '/nowhere/t.json' })).rejects.toMatchObject({
      code: 'FileNotReadable',
    });
    const files = {
      'deployment.template.json': templateText({ f: { image: '${MODULES.filter}' } }),
      'modules/filter/module.json': '{"image": {}}',
    };
    await expect(build(files)).rejects.toMatchObject({ code: 'InvalidDocument' });
  });
});
