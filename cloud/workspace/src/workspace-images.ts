import { imageAnnotations } from '@edgewright/contract';
import type { EventSink, InferenceConfig } from '@edgewright/contract';
import type {
  DeletedImage,
  ExportedImage,
  ExportImageOptions,
  ImageDetails,
  ImageSummary,
  PackagedModel,
  PullImageOptions,
  PushedImage,
  PushImageOptions,
  RegistryOptions,
  SignedImage,
  SignImageOptions,
  VerifiedImage,
  VerifyImageOptions,
} from '@edgewright/packager';
import { resolveConfig } from './resolve-config.ts';
import type { ConfigInput } from './resolve-config.ts';
import { thisProcess } from './this-process.ts';
import type { WorkspaceModels } from './workspace-models.ts';
import type { WorkspaceFolders } from './workspace-folders.ts';

export interface BuildImageInput {
  /** Registered models, `NAME` or `NAME:VERSION`; the entry script finds each by its name. */
  readonly models: readonly string[];
  /** A JSON or YAML file, or the configuration itself; without one the model is served as it is. */
  readonly inferenceConfig?: string | InferenceConfig;
  /** The folder that relative paths in `inferenceConfig` start from, when it is not a file. */
  readonly configDirectory?: string;
  /** The image's reference; default: the first model's name and version, `diabetes:1`. */
  readonly tag?: string;
  /** Keys that win over the file's. */
  readonly overrides?: Partial<InferenceConfig>;
  /** Attach an SBOM, the provenance, model cards and licences; default true. */
  readonly attest?: boolean;
  /** How to reach the registry of the base image; credentials come from `baseImageRegistry`, else from Docker's own file. */
  readonly registry?: RegistryOptions;
  readonly signal?: AbortSignal;
}

/** What to write to a file, a folder or a Docker Engine. */
export type ExportImageInput = Omit<ExportImageOptions, 'layoutDirectory' | 'emit' | 'directory' | 'architecture'> & {
  /** The folder that relative paths start from; default: the current one. */
  readonly directory?: string;
};

/** What to check of an image. */
export interface VerifyImageInput {
  /** `NAME[:TAG]` */
  readonly image: string;
  /** PEM; the image and its models must be signed by it. */
  readonly publicKey?: string;
  /** The inference configuration that the image was built from; the models are those that the image names. */
  readonly rebuild?: ConfigInput;
  readonly signal?: AbortSignal;
}

/** What to push; credentials come from Docker's own file unless they are given. */
export type PushImageInput = Omit<PushImageOptions, 'layoutDirectory' | 'emit'>;

/** What to pull; credentials come from Docker's own file unless they are given. */
export type PullImageInput = Omit<PullImageOptions, 'layoutDirectory' | 'emit'>;

/** The images of a workspace: an OCI image layout in its folder. */
export class WorkspaceImages {
  readonly #folders: WorkspaceFolders;
  readonly #models: WorkspaceModels;
  readonly #events: EventSink;

  constructor(parts: { folders: WorkspaceFolders; models: WorkspaceModels; events: EventSink }) {
    this.#folders = parts.folders;
    this.#models = parts.models;
    this.#events = parts.events;
  }

  /**
   * Packs registered models, an entry script and the scorer into one image for several platforms.
   *
   * @throws PackagerError, ModelsError `ModelNotFound`, ContractError
   */
  async build(input: BuildImageInput): Promise<ImageSummary> {
    const { config, configDirectory } = await resolveConfig(input);
    const models = await this.#packagedModels(input.models);
    const { attestImage, buildImage } = await import('@edgewright/packager');
    const image = await buildImage({
      models,
      config,
      configDirectory,
      layoutDirectory: this.#folders.images,
      cacheDirectory: this.#folders.cache,
      tag: input.tag ?? models[0]?.model.id.toLowerCase() ?? '',
      registry: { dockerConfigFile: thisProcess().dockerConfigFile, ...input.registry },
      emit: this.#events,
      ...(input.signal === undefined ? {} : { signal: input.signal }),
    });
    if (input.attest !== false) {
      const options = { layoutDirectory: this.#folders.images, image: image.reference, config, emit: this.#events };
      await attestImage({ ...options, models: models.map(({ model }) => model) });
    }
    return image;
  }

  /**
   * Writes an image to what is not a registry: `docker-archive:FILE`, `docker-daemon:[NAME:TAG]` or `oci:FOLDER[:TAG]`.
   *
   * @throws PackagerError `ImageNotFound`, `ImageInvalid`, `ImageInputInvalid`, `DockerFailed`, `LayoutUnusable`
   */
  async export(input: ExportImageInput): Promise<ExportedImage> {
    const { exportImage } = await import('@edgewright/packager');
    const { architecture, currentDirectory: directory } = thisProcess();
    const places = { layoutDirectory: this.#folders.images, architecture, directory };
    return await exportImage({ ...places, ...input, emit: this.#events });
  }

  /**
   * Sends an image to a registry. What is there already is not sent.
   *
   * @throws PackagerError `ImageNotFound`, `ImageInvalid`, `ImageInputInvalid`, `RegistryRefused`, `RegistryFailed`
   */
  async push(input: PushImageInput): Promise<PushedImage> {
    const { pushImage } = await import('@edgewright/packager');
    const { dockerConfigFile } = thisProcess();
    const registry = { dockerConfigFile, ...input.registry };
    return await pushImage({ ...input, registry, layoutDirectory: this.#folders.images, emit: this.#events });
  }

  /**
   * Brings an image from a registry into the workspace, all its platforms.
   *
   * @throws PackagerError `ImageNotFound`, `ImageInvalid`, `ImageInputInvalid`, `RegistryRefused`, `RegistryFailed`
   */
  async pull(input: PullImageInput): Promise<ImageSummary> {
    const { pullImage } = await import('@edgewright/packager');
    const { dockerConfigFile } = thisProcess();
    const registry = { dockerConfigFile, ...input.registry };
    return await pullImage({ ...input, registry, layoutDirectory: this.#folders.images, emit: this.#events });
  }

  /**
   * One image, with what its configurations say.
   *
   * @param reference `NAME[:TAG]`
   * @throws PackagerError `ImageNotFound`, `ImageInvalid`
   */
  async show(reference: string): Promise<ImageDetails> {
    const { showImage } = await import('@edgewright/packager');
    return await showImage(this.#folders.images, reference);
  }

  /**
   * Signs an image and the models in it. The signatures go with it when it is pushed.
   *
   * @throws PackagerError `KeyInvalid`, `ImageNotFound`, `ImageInvalid`
   */
  async sign(input: Omit<SignImageOptions, 'layoutDirectory' | 'emit'>): Promise<SignedImage> {
    const { signImage } = await import('@edgewright/packager');
    return await signImage({ ...input, layoutDirectory: this.#folders.images, emit: this.#events });
  }

  /**
   * Checks the digests of an image; with a key also its signatures; with `rebuild` also that it comes out the same when it
   * is built again.
   *
   * @throws PackagerError `ImageNotVerified`, `ImageNotFound`, `KeyInvalid`, and what building throws
   */
  async verify(input: VerifyImageInput): Promise<VerifiedImage> {
    const { showImage, verifyImage } = await import('@edgewright/packager');
    const { image, publicKey, rebuild, signal } = input;
    const options = { layoutDirectory: this.#folders.images, image, emit: this.#events };
    const labels = (await showImage(this.#folders.images, image)).labels;
    const inputs = rebuild === undefined ? undefined : await this.#rebuildInputs(rebuild, labels);
    return await verifyImage({
      ...options,
      ...(publicKey === undefined ? {} : { publicKey }),
      ...(inputs === undefined ? {} : { rebuild: inputs }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async #rebuildInputs(
    input: NonNullable<VerifyImageInput['rebuild']>,
    labels: Readonly<Record<string, string>>,
  ): Promise<NonNullable<VerifyImageOptions['rebuild']>> {
    const { config, configDirectory } = await resolveConfig(input);
    // the image says which models it has
    const references = (labels[imageAnnotations.model] ?? '').split(',').filter((id) => id !== '');
    const models = await this.#packagedModels(references);
    const registry = { dockerConfigFile: thisProcess().dockerConfigFile };
    return { models, config, configDirectory, registry, cacheDirectory: this.#folders.cache };
  }

  async #packagedModels(references: readonly string[]): Promise<PackagedModel[]> {
    return await Promise.all(
      references.map(async (reference) => {
        const model = await this.#models.show(reference);
        return { model, directory: await this.#models.directoryOf(model) };
      }),
    );
  }

  /**
   * Deletes an image, and every layer that no other image of the workspace has.
   *
   * @throws PackagerError `ImageNotFound`, `ImageInvalid`
   */
  async delete(reference: string): Promise<DeletedImage> {
    const { deleteImage } = await import('@edgewright/packager');
    return await deleteImage(this.#folders.images, reference);
  }

  /** Every image of the workspace. */
  async list(): Promise<readonly ImageSummary[]> {
    const { listImages } = await import('@edgewright/packager');
    return await listImages(this.#folders.images);
  }
}
