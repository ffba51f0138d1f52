import { cp, mkdir, utimes } from 'node:fs/promises';
import path from 'node:path';
import { openModelRegistry } from '@edgewright/models';
import { buildImage } from '@edgewright/packager';

// Registers a model and builds an image of it in a folder of its own, and prints the image as JSON:
//   build-image-once.ts FOLDER MODEL_FILE SOURCE_DIRECTORY ENTRY_SCRIPT
// A test runs it in processes that differ in all that must not matter.

const [folder = '', modelFile = '', sources = '', entryScript = ''] = process.argv.slice(2);

const configDirectory = path.join(folder, 'sources');
await mkdir(configDirectory, { recursive: true });
await cp(path.join(sources, entryScript), path.join(configDirectory, entryScript));
const someTime = new Date(Date.now() - Math.round(Math.random() * 1_000_000_000));
await utimes(path.join(configDirectory, entryScript), someTime, someTime);

await using registry = await openModelRegistry(path.join(folder, 'models'));
const model = await registry.register({ name: 'diabetes', path: modelFile });
const image = await buildImage({
  models: [{ model, directory: await registry.directoryOf(model) }],
  config: { entryScript, description: 'built by a test' },
  configDirectory,
  layoutDirectory: path.join(folder, 'images'),
  tag: 'reproduced/diabetes:1',
});
process.stdout.write(`${JSON.stringify(image)}\n`);
