import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ociPlatforms, platformOf } from '@edgewright/contract';
import { openModelRegistry } from '@edgewright/models';
import { buildImage } from '@edgewright/packager';
import { sharedAccelerator } from '../support/accelerator/start-accelerator.ts';
import { temporaryFolder } from '../support/engine-fixture.ts';
import { need } from '../support/need.ts';
import { ScorerProcess } from '../support/scorer-process.ts';
import { affineOnnx } from '../support/tiny-models.ts';
import { unpackImage } from '../support/unpack-image.ts';

const run = promisify(execFile);
const tritonClient = fileURLToPath(new URL('../support/oip-client/grpc_once.py', import.meta.url));

it('an image with a remote model has what it takes to ask the accelerator and to be asked over gRPC, and no other runtime', async (context) => {
  const { executable } = await need(context, 'python');
  const accelerator = await sharedAccelerator(executable);
  await accelerator.addFile('affine.onnx', affineOnnx());
  const platform = platformOf(process.arch) ?? 'amd64';
  const folder = await temporaryFolder();
  const tensor = { datatype: 'FP32', shape: [-1, 3] };
  const file = path.join(folder, 'affine.remote.json');
  await writeFile(
    file,
    JSON.stringify({
      protocol: 'open-inference',
      address: accelerator.address,
      model: { name: 'affine' },
      inputs: [{ name: 'x', ...tensor }],
      outputs: [{ name: 'y', ...tensor }],
    }),
  );
  await using registry = await openModelRegistry(path.join(folder, 'models'));
  const model = await registry.register({ name: 'affine', path: file });
  const layoutDirectory = path.join(folder, 'images');
  const image = await buildImage({
    models: [{ model, directory: await registry.directoryOf(model) }],
    config: {},
    configDirectory: folder,
    layoutDirectory,
    tag: 'affine:1',
    platforms: [platform],
  });
  expect(image.totalBytes).toBeLessThan(4_000_000);
  const { architecture } = ociPlatforms[platform];
  const { root } = await unpackImage(layoutDirectory, image.digest, { architecture, root: path.join(folder, 'root') });
  const appRoot = path.join(root, 'var/azureml-app');
  await using scorer = new ScorerProcess({ AML_APP_ROOT: appRoot, EDGEWRIGHT_GRPC_PORT: '0' }, [
    path.join(appRoot, 'scorer/main.mjs'),
  ]);
  const response = await fetch(`${await scorer.url()}/score`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ data: [[1, 2, 3]] }),
  });
  expect(await response.json()).toEqual({ predictions: [[3, 5, 7]] });
  expect((await scorer.line('ready to score'))['backend']).toBe('fpga');
  const { address } = await scorer.line('serving gRPC at');
  const asked = await run(executable, [tritonClient, String(address)], { timeout: 120_000 });
  expect(JSON.parse(asked.stdout)).toMatchObject({ live: true, ready: true, y: [[3, 5, 7]] });
});
