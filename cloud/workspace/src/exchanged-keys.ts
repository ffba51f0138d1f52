/** The keys of a service. */
export interface ServiceKeys {
  readonly primaryKey: string;
  readonly secondaryKey: string;
}

/**
 * Keys of which one is another.
 *
 * @param key the new one; default: made by chance
 * @throws DeployersError `DeploymentConfigInvalid` · ContractError `InvalidDocument`, by the rules of the configuration
 */
export async function exchangedKeys(
  former: ServiceKeys,
  which: 'Primary' | 'Secondary',
  key: string | undefined,
): Promise<ServiceKeys> {
  const { completeDeploymentConfig, makeKey } = await import('@edgewright/deployers');
  const keys = { ...former, [which === 'Primary' ? 'primaryKey' : 'secondaryKey']: key ?? makeKey() };
  completeDeploymentConfig({ computeType: 'local', keys }, 'the new key');
  return keys;
}
