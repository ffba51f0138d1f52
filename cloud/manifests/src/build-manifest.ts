import type { DeploymentManifest } from '@edgewright/contract';
import type { Platform } from '@edgewright/contract';
import { ManifestsError } from './manifests-error.ts';

export interface BuildManifestInput {
  /** The template's path: `deployment.template.json` or `NAME.template.json`. */
  readonly templatePath: string;
  /** Values of `${NAME}` and `$NAME`. */
  readonly variables: Readonly<Record<string, string>>;
  readonly platform: Platform;
  /** Image references by module name, for `${MODULES.name}`. */
  readonly images: Readonly<Record<string, string>>;
}

export interface BuiltManifest {
  readonly manifest: DeploymentManifest;
  /** The file name that iotedgedev gives to the result, such as `deployment.amd64.json`. */
  readonly outputName: string;
}

/**
 * Makes a deployment manifest from a template.
 *
 * @throws ManifestsError `TemplateVariableMissing`, naming every placeholder without a value, and `ManifestInvalid`
 * @throws ContractError `FileNotReadable`, `InvalidJson`
 */
export async function buildManifest(input: BuildManifestInput): Promise<BuiltManifest> {
  await Promise.resolve();
  throw new ManifestsError('ManifestInvalid', `cannot build ${input.templatePath}: not built yet`);
}
