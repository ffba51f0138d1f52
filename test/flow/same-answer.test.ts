import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { openModelRegistry } from '@edgewright/models';
import { buildImage, pushImage } from '@edgewright/packager';
import Docker from 'dockerode';
import { expect, it, onTestFinished } from 'vitest';
import { ridgeToOnnx } from '../../examples/diabetes/ridge-onnx.ts';
import { fitRidge } from '../../examples/diabetes/ridge.ts';
import { readDiabetesTable } from '../../examples/diabetes/table.ts';
import { makeBaseImage, sharedBuildCache } from '../support/base-image.ts';
import { EdgeLab } from '../support/edge-lab.ts';
import { freePort } from '../support/free-port.ts';
import { need } from '../support/need.ts';
import { createAppRoot, ScorerProcess } from '../support/scorer-process.ts';

const TAG = 'edgewright-test/same-answer:1';

/** An image of the model alone, in a container. @returns where it scores */
async function runContainer(model: Uint8Array, services: { mmdebstrap: string; socketPath: string; registry: string }): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewright-same-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'model.onnx');
  await writeFile(file, model);
  await using registry = await openModelRegistry(path.join(folder, 'models'));
  const registered = await registry.register({ name: 'model', path: file });
  const layoutDirectory = path.join(folder, 'images');
  const baseImage = await makeBaseImage(services.mmdebstrap, ['amd64']);
  await buildImage({
    models: [{ model: registered, directory: await registry.directoryOf(registered) }],
    config: { baseImage, nodeRuntime: 'bundled' },
    configDirectory: folder,
    layoutDirectory,
    cacheDirectory: sharedBuildCache(),
    platforms: ['amd64'],
    tag: TAG,
  });
  const image = `${services.registry}/${TAG}`;
  await pushImage({ layoutDirectory, image: TAG, target: image });
  const docker = new Docker({ socketPath: services.socketPath });
  await docker.pull(image).then((stream: NodeJS.ReadableStream) => new Promise((resolve) => docker.modem.followProgress(stream, resolve)));
  const port = await freePort();
  const environment = [`PORT=${port}`, 'EDGEWRIGHT_HTTP_HOST=127.0.0.1', 'EDGEWRIGHT_BACKEND=onnx'];
  const container = await docker.createContainer({ Image: image, Env: environment, HostConfig: { NetworkMode: 'host' } });
  onTestFinished(() => container.remove({ force: true, v: true }));
  await container.start();
  const url = `http://127.0.0.1:${port}`;
  await expect.poll(async () => (await fetch(url)).status, { timeout: 60_000, interval: 200 }).toBe(200);
  return `${url}/score`;
} // prettier-ignore

it('a process, a container and the edge module answer the same input with the same bytes', async (context) => {
  const { executable: mmdebstrap } = await need(context, 'mmdebstrap');
  const { socketPath } = await need(context, 'docker');
  const { host: registry } = await need(context, 'registry');
  const { train, test } = await readDiabetesTable();
  const model = ridgeToOnnx(fitRidge(train, 0.4));
  const bodies = [...test.slice(0, 20).map(({ features }) => ({ data: [features] })), { data: test.map(({ features }) => features) }];

  const app = await createAppRoot(model);
  onTestFinished(() => app[Symbol.asyncDispose]());
  const local = new ScorerProcess({ AML_APP_ROOT: app.directory, EDGEWRIGHT_BACKEND: 'onnx' });
  onTestFinished(() => local[Symbol.asyncDispose]());
  const score = async (url: string): Promise<string[]> => {
    const answers: string[] = [];
    for (const body of bodies) {
      const headers = { 'content-type': 'application/json' };
      answers.push(await (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).text());
    }
    return answers;
  };
  const byProcess = await score(`${await local.url()}/score`);
  expect(byProcess[0]).toMatch(/^\{"predictions":\[\[?\d/);
  expect(await score(await runContainer(model, { mmdebstrap, socketPath, registry }))).toEqual(byProcess);

  await using lab = await EdgeLab.open({ model });
  await lab.configure({ mapping: { outputs: ['scores'] } });
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const arrivals = lab.collect(stop.signal);
  await (await lab.startScorer({ EDGEWRIGHT_BACKEND: 'onnx' })).line('joined edgeHub');
  await lab.send(bodies.map((body, index) => ({ id: String(index), body })));
  await expect.poll(() => arrivals.size, { timeout: 60_000 }).toBe(bodies.length);
  expect(bodies.map((_, index) => arrivals.get(String(index))?.[0]?.body)).toEqual(byProcess);
}, 400_000); // prettier-ignore
