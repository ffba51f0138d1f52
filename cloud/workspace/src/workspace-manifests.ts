import { checkDocument, DeploymentManifestSchema, parseJson } from '@edgewright/contract';
import type { DeploymentManifest, Platform } from '@edgewright/contract';
import type { BuiltManifest, Finding } from '@edgewright/manifests';
import { readTextFile } from './read-document.ts';
import { WorkspaceError } from './workspace-error.ts';

export interface BuildManifestRequest {
  readonly template: string;
  readonly platform: Platform;
  /** Values of `${NAME}`; these win over those of the file. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Image references by module name, for `${MODULES.name}`. */
  readonly images?: Readonly<Record<string, string>>;
  /** A file of `NAME=value` lines. */
  readonly envFile?: string;
}

/** Deployment manifests: built from templates, and checked. */
export class WorkspaceManifests {
  /**
   * Makes a deployment manifest from a template.
   *
   * @throws ManifestsError `TemplateVariableMissing`, `ManifestInvalid` · ContractError
   */
  async build(request: BuildManifestRequest): Promise<BuiltManifest> {
    const [{ buildManifest }, { parse }] = await Promise.all([import('@edgewright/manifests'), import('dotenv')]);
    const fromFile =
      request.envFile === undefined ? {} : parse(await readTextFile(request.envFile, 'the environment file'));
    return await buildManifest({
      templatePath: request.template,
      variables: { ...fromFile, ...request.variables },
      platform: request.platform,
      images: request.images ?? {},
    });
  }

  /**
   * Checks a manifest file, or a manifest: schema first, then sense.
   *
   * @throws ContractError `FileNotReadable`, `InvalidJson`
   */
  async lint(manifest: string | DeploymentManifest): Promise<Finding[]> {
    const { lintManifest } = await import('@edgewright/manifests');
    if (typeof manifest !== 'string') return lintManifest(manifest, { source: 'the manifest' });
    return lintManifest(parseJson(await readTextFile(manifest, 'the manifest'), manifest), { source: manifest });
  }

  /**
   * A manifest that may be pushed: lint finds no error in it.
   *
   * @throws WorkspaceError `ManifestRefused`, whose details hold the findings · ContractError
   */
  async requireValid(manifest: string | DeploymentManifest): Promise<DeploymentManifest> {
    const source = typeof manifest === 'string' ? manifest : 'the manifest';
    const content =
      typeof manifest === 'string' ? parseJson(await readTextFile(manifest, 'the manifest'), manifest) : manifest;
    const { lintManifest } = await import('@edgewright/manifests');
    const errors = lintManifest(content, { source }).filter((finding) => finding.severity === 'error');
    const [first] = errors;
    if (first === undefined) return checkDocument(DeploymentManifestSchema, content, source);
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
    throw new WorkspaceError('ManifestRefused', `cannot push ${source}: ${first.path}: ${first.message}${more}`, {
      details: { source, findings: errors },
    });
  }
}
