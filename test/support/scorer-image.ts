import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { platformOf } from '@edgewright/contract';
import { openModelRegistry } from '@edgewright/models';
import { buildImage, exportImage } from '@edgewright/packager';
import Docker from 'dockerode';
import { makeBaseImage, sharedBuildCache } from './base-image.ts';

export interface ScorerImageOptions {
  readonly socketPath: string;
  readonly mmdebstrap: string;
  /** The bytes of an ONNX file; it is registered as `model:1`. */
  readonly model: Uint8Array;
  /** The text of an entry script, if there is to be one. */
  readonly entryScript?: string;
  /** `NAME:TAG` in the engine. */
  readonly tag: string;
}

/** An image in the Docker Engine; disposing of it takes its name away. */
export interface ScorerImage extends AsyncDisposable {
  readonly tag: string;
}

/** Packages a model as its users would, for this machine, on a base image of Debian, and gives the image to a Docker Engine. */
export async function makeScorerImage(options: ScorerImageOptions): Promise<ScorerImage> {
  const { socketPath, mmdebstrap, model, entryScript, tag } = options;
  const platform = platformOf(process.arch);
  if (platform === undefined) throw new TypeError(`no images are made for ${process.arch}`);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewright-image-'));
  try {
    await using registry = await openModelRegistry(path.join(folder, 'models'));
    const file = path.join(folder, 'model.onnx');
    await writeFile(file, model);
    if (entryScript !== undefined) await writeFile(path.join(folder, 'score.ts'), entryScript);
    const registered = await registry.register({ name: 'model', path: file });
    const layoutDirectory = path.join(folder, 'images');
    await buildImage({
      models: [{ model: registered, directory: await registry.directoryOf(registered) }],
      config: {
        ...(entryScript === undefined ? {} : { entryScript: 'score.ts' }),
        baseImage: await makeBaseImage(mmdebstrap, [platform]),
        nodeRuntime: 'bundled',
        platforms: [platform],
      },
      configDirectory: folder,
      layoutDirectory,
      cacheDirectory: sharedBuildCache(),
      tag,
    });
    const place = { layoutDirectory, directory: folder, architecture: process.arch };
    await exportImage({ ...place, image: tag, target: 'docker-daemon:', engine: { socketPath } });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const remove = async (): Promise<void> => {
    await new Docker({ socketPath }).getImage(tag).remove({ force: true });
  };
  return { tag, [Symbol.asyncDispose]: remove };
}
