import { parseConfigurationContent } from '../hub/configuration-content.ts';
import type { ParsedContent } from '../hub/configuration-content.ts';

/**
 * What a deployment brings: modules for edge devices, as the base or as a layer over one, or desired properties for the
 * twins of devices or of modules.
 */
export type DeploymentKind = 'base' | 'layer' | 'device' | 'module';

/** A deployment's content, taken apart. */
export interface DeploymentContent extends ParsedContent {
  readonly kind: DeploymentKind;
}

/** @throws SimulatorError `SimulatorRequestInvalid`, ContractError `InvalidDocument` */
export function parseDeploymentContent(content: unknown): DeploymentContent {
  const parsed = parseConfigurationContent(content, 'the content');
  return { ...parsed, kind: kindOf(parsed) };
}

function kindOf({ modules, device, module }: ParsedContent): DeploymentKind {
  if (device.length > 0) return 'device';
  if (module.length > 0) return 'module';
  // a layer says only what it adds to the agent's configuration, or nothing at all
  return modules.get('$edgeAgent')?.some(({ path }) => path.length === 0) === true ? 'base' : 'layer';
}
