import path from 'node:path';
import { checkDocument, DeploymentManifestSchema, imageAnnotations, parseJson } from '@edgewright/contract';
import type { DeploymentManifest, Platform } from '@edgewright/contract';
import type {
  BuiltDeployment,
  BuiltManifest,
  Finding,
  ImageFacts,
  ManifestExplanation,
  ManifestGraph,
  ModuleSwitches,
  NewSolutionInput,
} from '@edgewright/manifests';
import { readTextFile } from './read-document.ts';
import { WorkspaceError } from './workspace-error.ts';
import type { WorkspaceImages } from './workspace-images.ts';

export interface BuildManifestRequest {
  readonly template: string;
  readonly platform: Platform;
  /** Values of `${NAME}`; these win over the environment and the file. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Image references by module name, for `${MODULES.name}`. */
  readonly images?: Readonly<Record<string, string>>;
  /** A file of `NAME=value` lines; default: `.env` beside the template, where there is one. */
  readonly envFile?: string;
  /** Environment variables; these win over the file, as iotedgedev has it. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Hardware, limits and the like by module name. */
  readonly switches?: Readonly<Record<string, ModuleSwitches>>;
  /** Addresses of registries by name; their credentials are the variables `NAME_USERNAME` and `NAME_PASSWORD`. */
  readonly registries?: Readonly<Record<string, string>>;
  /** Name images by their digests, from this workspace or their registry. */
  readonly pin?: boolean;
}

export interface LintRequest {
  /** The platform of the devices, to see whether the images of the workspace have it. */
  readonly platform?: Platform;
  /** The manifest file that this one follows, to see what changes together. */
  readonly previous?: string;
  /** Other tools that the manifest is meant for. */
  readonly also?: readonly 'iotedgehubdev'[];
}

/** Deployment manifests: built from templates, checked, explained and drawn. */
export class WorkspaceManifests {
  readonly #images: WorkspaceImages | undefined;

  constructor(parts: { readonly images?: WorkspaceImages } = {}) {
    this.#images = parts.images;
  }

  /**
   * Writes the files of a new solution.
   *
   * @returns the files
   * @throws ManifestsError `SolutionExists`
   */
  async new(input: NewSolutionInput): Promise<readonly string[]> {
    return await (await import('@edgewright/manifests')).newSolution(input);
  }

  /**
   * Makes a deployment manifest from a template.
   *
   * @throws ManifestsError `TemplateVariableMissing`, `ManifestInvalid` (also for a layer's template), `ImageDigestUnknown` · ContractError
   */
  async build(request: BuildManifestRequest): Promise<BuiltManifest> {
    const { manifest, outputName } = await this.buildDeployment(request);
    if ('modulesContent' in manifest) return { manifest, outputName };
    throw new WorkspaceError('ManifestRefused', `cannot build a manifest from ${request.template}: it is a layer`, {
      details: { template: request.template },
    });
  }

  /** As {@link build}, for templates of layers too. */
  async buildDeployment(request: BuildManifestRequest): Promise<BuiltDeployment> {
    const [{ buildDeployment, pinImages }, fromFile] = await Promise.all([
      import('@edgewright/manifests'),
      readEnvironment(request),
    ]);
    const set = Object.entries(request.environment ?? {}).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    const built = await buildDeployment({
      templatePath: request.template,
      variables: { ...fromFile, ...Object.fromEntries(set), ...request.variables },
      platform: request.platform,
      images: request.images ?? {},
      switches: request.switches ?? {},
      registries: request.registries ?? {},
    });
    if (request.pin === true) await pinImages(built.manifest, (image) => this.#digestOf(image));
    return built;
  }

  /**
   * Checks a manifest file, or a manifest: schema first, then sense.
   *
   * @throws ContractError `FileNotReadable`, `InvalidJson`
   */
  async lint(manifest: string | DeploymentManifest, request: LintRequest = {}): Promise<Finding[]> {
    const { lintManifest } = await import('@edgewright/manifests');
    const options = {
      source: typeof manifest === 'string' ? manifest : 'the manifest',
      images: await this.#imageFacts(),
      ...(request.platform === undefined ? {} : { platform: request.platform }),
      ...(request.previous === undefined ? {} : { previous: await readJson(request.previous) }),
      ...(request.also === undefined ? {} : { also: request.also }),
    };
    return lintManifest(typeof manifest === 'string' ? await readJson(manifest) : manifest, options);
  }

  /** Findings of several files as one SARIF 2.1.0 log. */
  async sarif(
    reports: readonly { readonly file: string; readonly source: string; readonly findings: readonly Finding[] }[],
  ): Promise<Readonly<Record<string, unknown>>> {
    const [{ sarifLog }, { findPackageRoot }] = await Promise.all([
      import('@edgewright/manifests'),
      import('@edgewright/packager'),
    ]);
    const texts = await Promise.all(reports.map(({ file }) => readTextFile(file, 'the manifest')));
    return sarifLog(
      reports.map(({ source, findings }, index) => ({ source, findings, text: texts[index] ?? '' })),
      findPackageRoot().version,
    );
  }

  /** A manifest or layer in words. @throws ContractError `FileNotReadable`, `InvalidJson` */
  async explain(file: string): Promise<ManifestExplanation> {
    return (await import('@edgewright/manifests')).explainManifest(await readJson(file));
  }

  /** Modules and routes of a manifest or layer, and how they are drawn. @throws ContractError `FileNotReadable`, `InvalidJson` */
  async graph(file: string): Promise<ManifestGraph & { readonly svg: string; readonly mermaid: string }> {
    const { graphSvg, manifestGraph, mermaidText } = await import('@edgewright/manifests');
    const graph = manifestGraph(await readJson(file));
    return { ...graph, svg: graphSvg(graph), mermaid: mermaidText(graph) };
  }

  /**
   * A manifest that may be pushed: lint finds no error in it.
   *
   * @throws WorkspaceError `ManifestRefused`, whose details hold the findings · ContractError
   */
  async requireValid(manifest: string | DeploymentManifest): Promise<DeploymentManifest> {
    const source = typeof manifest === 'string' ? manifest : 'the manifest';
    return checkDocument(DeploymentManifestSchema, await this.requireDeployable(manifest), source);
  }

  /** As {@link requireValid}, for layers too. */
  async requireDeployable(manifest: string | DeploymentManifest): Promise<unknown> {
    const source = typeof manifest === 'string' ? manifest : 'the manifest';
    const content = typeof manifest === 'string' ? await readJson(manifest) : manifest;
    const { lintManifest } = await import('@edgewright/manifests');
    const errors = lintManifest(content, { source }).filter((finding) => finding.severity === 'error');
    const [first] = errors;
    if (first === undefined) return content;
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
    throw new WorkspaceError('ManifestRefused', `cannot push ${source}: ${first.path}: ${first.message}${more}`, {
      details: { source, findings: errors },
    });
  }

  /** What the workspace knows of the images that it has built or pulled. */
  async #imageFacts(): Promise<Readonly<Record<string, ImageFacts>>> {
    if (this.#images === undefined) return {};
    const facts: [string, ImageFacts][] = [];
    for (const { reference, platforms } of await this.#images.list()) {
      const { labels } = await this.#images.show(reference);
      const backend = labels[imageAnnotations.backend];
      const names = platforms.map(({ platform }) => platform);
      facts.push([reference, { platforms: names, ...(backend === undefined ? {} : { backend }) }]);
    }
    return Object.fromEntries(facts);
  }

  /** Of the workspace's own image, else of the registry that the reference names. */
  async #digestOf(image: string): Promise<string | undefined> {
    const own = (await this.#images?.list())?.find(({ reference }) => reference === image);
    if (own !== undefined) return own.digest;
    const { imageDigest, parseImageReference } = await import('@edgewright/packager');
    return parseImageReference(image).registry === undefined ? undefined : await imageDigest(image);
  }
}

async function readJson(file: string): Promise<unknown> {
  return parseJson(await readTextFile(file, 'the manifest'), file);
}

async function readEnvironment({ template, envFile }: BuildManifestRequest): Promise<Readonly<Record<string, string>>> {
  const { parse } = await import('dotenv');
  if (envFile !== undefined) return parse(await readTextFile(envFile, 'the environment file'));
  try {
    return parse(await readTextFile(path.join(path.dirname(template), '.env'), 'the environment file'));
  } catch (error) {
    const code = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code;
    if (code === 'ENOENT') return {};
    throw error;
  }
}
